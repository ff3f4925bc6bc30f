import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startApiThread } from '../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { joules } from '../../../shared/grid/units.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'api-thread-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the API thread', () => {
  it('answers from the store on the port that it got, and is gone when it is disposed', async () => {
    const api = await startApiThread(settings(), capturedLog());
    const url = `http://127.0.0.1:${api.port}/health`;

    const answer = await fetch(url).then((response) => response.json());
    await api[Symbol.asyncDispose]();

    expect(answer).toMatchObject({ status: 'ok', monitored_containers: 0 });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('does not start when its port is taken', async () => {
    await using first = await startApiThread(settings(), capturedLog());

    await expect(startApiThread(settings({ API_PORT: String(first.port) }), capturedLog())).rejects.toThrow(
      /EADDRINUSE/,
    );
  });

  it('comes back on the same port after it ran out of memory', async () => {
    const log = capturedLog();
    const data = join(folder, 'large');
    await fill(data);
    await using api = await startApiThread(settings({ DATA_DIR: data, API_HEAP_MB: '64' }), log);
    const url = `http://127.0.0.1:${api.port}`;
    api.post({ kind: 'waiting', list: { deferral: 'on', total: 2, entries: [] } });

    // Every container's last 1440 minutes at once are more than the thread may hold.
    const body = JSON.stringify({ n: 1440 });
    const headers = { 'content-type': 'application/json' };
    await fetch(`${url}/api/power-consumption`, { method: 'POST', headers, body }).catch(() => undefined);

    await expect.poll(() => healthy(url), { interval: 200 }).toBe(true);
    expect(log.at('error')).toHaveLength(1);
    // What waits is told once only by the controller, and yet known to the new thread.
    const waiting = async () => (await fetch(`${url}/api/waiting`)).json();
    await expect.poll(waiting).toEqual({ deferral: 'on', total: 2, waiting: [] });
    expect(String(log.at('error')[0]?.fields.reason)).toMatch(/memory/i);
  });
});

async function healthy(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
}

function settings(env: Record<string, string> = {}) {
  return loadConfig('extender', extenderConfigSchema, {
    DATA_DIR: folder,
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    LOG_LEVEL: 'silent',
    ...env,
  });
}

/** 1,500 containers with 500 samples each. */
async function fill(data: string): Promise<void> {
  await using store = openSqliteWriter(data);
  for (let n = 1; n <= 500; n += 1) {
    const samples = Array.from({ length: 1_500 }, (_, pod) => ({
      container: { namespace: 'n', pod: `p${pod}`, container: 'c', node: '' },
      start: n * 60_000,
      end: (n + 1) * 60_000,
      joules: joules(pod),
    }));
    await store.append({ target: 't', samples });
  }
}
