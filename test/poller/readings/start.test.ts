import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { startPoller } from '../../../poller/poller.ts';
import { ConfigError, loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { redisAvailable, redisClient, startRedis } from '../../servers/redis.ts';
import { entry, STREAM, stateOf } from './running-task.ts';

const folder = mkdtempSync(join(tmpdir(), 'readings-part-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function config(env: Record<string, string>) {
  const local = {
    DATA_DIR: folder,
    POLLER_HOST: '127.0.0.1',
    POLLER_PORT: '0',
    CACHE_FILE: join(folder, 'cache.json'),
  };
  return loadConfig('poller', pollerConfigSchema, { ...local, ...env });
}

async function readiness(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: response.status, body: await response.json() };
}

describe('a poller with the readings task', () => {
  it('refuses to run nothing else while no Redis is configured', async () => {
    const starting = startPoller(config({ POLLER_TASKS: 'readings' }), { logger: capturedLog() });

    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/REDIS_URL or REDIS_HOST/);
  });

  it('leaves the task out beside others while no Redis is configured', async () => {
    await using poller = await startPoller(config({ POLLER_TASKS: 'readings,retention' }), { logger: capturedLog() });

    expect((await readiness(poller.port)).status).toBe(200);
  });
});

describe.skipIf(!redisAvailable())('a poller that only processes readings', () => {
  it('is ready while it can take readings, and not while Redis is away', async () => {
    await using redis = await startRedis();
    await using observer = await redisClient(redis.url);
    const log = capturedLog();
    await using poller = await startPoller(
      config({ POLLER_TASKS: 'readings', REDIS_URL: redis.url, REDIS_STREAM_KEEP: '0' }),
      { logger: log },
    );
    await observer.client.xAdd(STREAM, '*', entry(1));
    await expect.poll(() => stateOf(observer.client)).toMatchObject({ length: 0 });
    const up = await readiness(poller.port);

    await redis.kill();
    await expect.poll(async () => (await readiness(poller.port)).status).toBe(503);
    const down = await readiness(poller.port);
    await redis.start();

    expect(up.status).toBe(200);
    expect(down.body).toMatchObject({ reason: expect.stringContaining('Redis cannot be reached') });
    await expect.poll(async () => (await readiness(poller.port)).status).toBe(200);
  });
});
