// Flow: a poller that has stopped leaves nothing that would keep its process running.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../poller/config.ts';
import { startPoller } from '../../poller/poller.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { countedClock } from '../counted-clock.ts';
import { startSlack } from '../doubles/slack.ts';
import { describeDatabase } from '../servers/databases.ts';
import { startProcess } from '../started-process.ts';

const root = mkdtempSync(join(tmpdir(), 'poller-stop-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Sleeps that are left after a poller of all tasks was stopped as soon as it logged a line, or at once. */
async function leftAsleep(name: string, env: Record<string, string>, lines: readonly string[] = []): Promise<number> {
  await using slack = await startSlack();
  const folder = join(root, name);
  const files = { DATA_DIR: folder, CACHE_FILE: join(folder, 'cache.json') };
  const ports = { POLLER_PORT: '0', POLLER_HOST: '127.0.0.1', SLACK_WEBHOOK_URL: slack.url };
  const grid = { GRID_PROVIDERS: 'yearly-average', ZONES: 'DE', EXPORTER_URL: 'http://127.0.0.1:1/metrics' };
  const clock = countedClock();
  const logger = capturedLog();
  const config = loadConfig('poller', pollerConfigSchema, { ...files, ...ports, ...grid, ...env });
  const poller = await startPoller(config, { clock, logger });
  for (const line of lines) await expect.poll(() => logger.lines.map(({ message }) => message)).toContain(line);
  await poller[Symbol.asyncDispose]();
  // Whoever was woken up still has to run.
  await expect.poll(() => clock.sleeping).toBe(0);
  return clock.sleeping;
}

describe('a poller that has stopped', () => {
  it('waits for nothing more with its own store', async () => {
    expect(await leftAsleep('own', {})).toBe(0);
  });

  it('waits for nothing more when its exporters, Redis and database do not respond', async () => {
    const away = { MODE: 'db', TSDB_DSN: 'postgresql://a:b@127.0.0.1:1/c', REDIS_URL: 'redis://127.0.0.1:1' };

    expect(await leftAsleep('away', away)).toBe(0);
  });

  it('ends with success although its servers accept connections and never respond', { timeout: 60_000 }, async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const folder = join(root, 'silent');
    const servers = { TSDB_DSN: `postgresql://a:b@${host}/c`, REDIS_URL: `redis://${host}`, MODE: 'db' };
    const pages = { EXPORTER_URL: `http://${host}/metrics`, SLACK_WEBHOOK_URL: `http://${host}/slack` };
    const poller = startProcess('poller', {
      ...{ ...servers, ...pages, DATA_DIR: folder, CACHE_FILE: join(folder, 'c.json'), ZONES: 'DE', POLLER_PORT: '0' },
      ...{ GRID_PROVIDERS: 'electricity-maps', ELECTRICITY_MAPS_API_KEY: 'k', ELECTRICITY_MAPS_URL: `http://${host}` },
    });
    await poller.logged('poller started');

    await poller[Symbol.asyncDispose]();

    expect(poller.child.exitCode).toBe(0);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

describeDatabase('a poller that has stopped', (server) => {
  it('waits for nothing more with leases that it held in a database', async () => {
    const env = { MODE: 'db', TSDB_DSN: await server().database() };

    const left = await leftAsleep('db', env, ['this process records', 'this process watches the carbon budgets']);

    expect(left).toBe(0);
  });
});
