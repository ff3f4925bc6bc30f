import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { startExtender } from '../../../extender/extender.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { startPoller } from '../../../poller/poller.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { foreignHost } from '../../../shared/runtime/host-names.ts';
import { capturedLog } from '../../captured-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'host-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['127.0.0.1:5001', '[::1]:5001', 'localhost', 'LOCALHOST.', 'worker:8889', 'a.ns.svc', 'x.svc.cluster.local'])(
  '%s is a name of this server',
  (host) => {
    expect(foreignHost(host, [])).toBeUndefined();
  },
);

it.each([
  ['evil.example:5001', 'evil.example'],
  ['127.0.0.1.nip.io', '127.0.0.1.nip.io'],
  ['svc.cluster.local.evil.example', 'svc.cluster.local.evil.example'],
])('%s is a foreign one, unless it is allowed', (host, name) => {
  expect([foreignHost(host, []), foreignHost(host, [name]), foreignHost(host, ['*'])]).toEqual([
    name,
    undefined,
    undefined,
  ]);
});

/** The status of a request with these headers. */
function status(port: number, method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end(method === 'POST' ? '{}' : undefined);
  });
}

const env = { DATA_DIR: folder, CACHE_FILE: join(folder, 'c.json'), ALLOWED_HOSTS: 'ours.example' };

describe('a page under a rebound name', () => {
  it('reads no decision and calls no verb of the scheduler port', async () => {
    writeFileSync(env.CACHE_FILE, '{}');
    const settings = { ...env, EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0' };
    const config = loadConfig('extender', extenderConfigSchema, settings);
    await using extender = await startExtender(config, { logger: capturedLog() });
    const explain = (host: string) => status(extender.schedulerPort, 'GET', '/explain?pod=a/b', { host });
    const verb = (headers: Record<string, string>) =>
      status(extender.schedulerPort, 'POST', '/prioritize', { 'content-type': 'application/json', ...headers });

    expect([await explain('evil.example'), await explain('ours.example'), await explain('localhost')]).toEqual([
      ...[403, 404, 404],
    ]);
    expect(await verb({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
    // kube-scheduler may know the port by any name.
    expect(await verb({ host: 'extender.corp.example' })).toBe(400);
  });

  it('reads no readings from the port of a worker', async () => {
    const settings = { ...env, POLLER_PORT: '0', POLLER_HOST: '127.0.0.1', POLLER_TASKS: 'readings' };
    const config = loadConfig('poller', pollerConfigSchema, { ...settings, REDIS_URL: 'redis://127.0.0.1:1' });
    await using poller = await startPoller(config, { logger: capturedLog() });
    const readings = (host: string) => status(poller.port, 'GET', '/sites/quay-1/readings', { host });

    expect([await readings('evil.example'), await readings('ours.example'), await readings('worker')]).toEqual([
      ...[403, 200, 200],
    ]);
  });
});
