// Flow: clients that begin large downloads and hardly read, against an API thread with a small heap.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiThread } from '../../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { joules } from '../../../shared/grid/units.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';

const DOWNLOADS = 10;
const CONTAINERS = 400;
const MINUTES = 20;
const START = Date.parse('2026-01-01T00:00:00Z');

const folder = mkdtempSync(join(tmpdir(), 'slow-downloads-'));
beforeAll(fill, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['/api/export-time-series?format=json', '/api/export-time-series?format=csv'])(
  '%s: ten slow downloads at once end neither the API thread nor its other responses',
  async (path) => {
    const logger = capturedLog();
    const settings = { DATA_DIR: folder, API_HOST: '127.0.0.1', API_PORT: '0', API_HEAP_MB: '64', LOG_LEVEL: 'silent' };
    await using api = await startApiThread(loadConfig('extender', extenderConfigSchema, settings), logger);
    const url = `http://127.0.0.1:${api.port}`;

    const clients = Array.from({ length: DOWNLOADS }, () => slowClient(api.port, path));
    const statuses: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      statuses.push(
        await fetch(`${url}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      );
    }
    for (const client of clients) client.destroy();

    expect(statuses).toEqual(statuses.map(() => 200));
    expect(logger.at('error')).toEqual([]);
    // The next client gets its turn.
    const next = await fetch(`${url}${path}`);
    expect(next.status).toBe(200);
    await next.body?.cancel();
  },
  60_000,
);

/** Asks for a download and reads nothing of it. */
function slowClient(port: number, path: string): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  return socket;
}

/** A sample a second of each container, none of them folded yet: as JSON 150 megabytes. */
async function fill(): Promise<void> {
  await using store = openSqliteWriter(folder);
  for (let second = 0; second < MINUTES * 60; second += 1) {
    const samples = Array.from({ length: CONTAINERS }, (_, pod) => ({
      container: { namespace: 'shop', pod: `checkout-7f9c6d5b8-${pod}`, container: 'app', node: `node-${pod % 20}` },
      start: START + second * 1_000,
      end: START + (second + 1) * 1_000,
      joules: joules(pod + 1),
    }));
    await store.append({ target: 't', samples });
  }
}
