import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { runTask, STREAM, stateOf, storedOf, temporaryStore } from '../../poller/readings/running-task.ts';
import { redisAvailable, redisClient, startRedis } from '../../servers/redis.ts';
import { type ReadingsApiServer, send, startReadingsApi } from '../readings-api-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'redis-intake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const reading = () => {
  count += 1;
  const timestamp = new Date(Date.now() - 60_000 + count).toISOString();
  return { site_id: 'yard-1', device_id: 'feed-b', power_reading: 99, timestamp };
};
const start = (url: string, env = {}) => startReadingsApi({ DATA_DIR: folder, REDIS_URL: url, ...env });
const health = async (api: ReadingsApiServer) =>
  ((await fetch(`${api.url}/health`).then((response) => response.json())) as { readings: object }).readings;

describe.skipIf(!redisAvailable())('readings while Redis is in trouble', () => {
  it('answers 503 with Retry-After while Redis is away, and accepts again when it is back', async () => {
    await using redis = await startRedis();
    await using api = await start(redis.url);
    const url = `${api.url}/readings`;
    const before = await send(url, reading());

    await redis.kill();
    const away = await send(url, reading());
    const batch = await send(url, [reading(), {}]);
    const state = await health(api);
    await redis.start();

    expect(before.status).toBe(201);
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
    expect(away.body).toMatchObject({
      title: 'Service Unavailable',
      detail: expect.stringContaining('cannot be reached'),
    });
    expect([batch.status, batch.body.items.map((item: { status: number }) => item.status)]).toEqual([503, [503, 400]]);
    expect(state).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('Redis cannot be reached') });
    await expect.poll(async () => (await send(url, reading())).status).toBe(201);
    await using observer = await redisClient(redis.url);
    expect((await stateOf(observer.client)).length).toBe(2);
  });

  it('starts without Redis and takes readings as soon as it is there', async () => {
    await using redis = await startRedis();
    await redis.kill();
    await using api = await start(redis.url);

    const early = await send(`${api.url}/readings`, reading());
    await redis.start();

    expect(early.status).toBe(503);
    await expect.poll(async () => (await send(`${api.url}/readings`, reading())).status).toBe(201);
  });

  it('answers in time when Redis hangs', async () => {
    await using redis = await startRedis();
    await using api = await start(redis.url);
    await send(`${api.url}/readings`, reading());

    redis.signal('SIGSTOP');
    const hung = await send(`${api.url}/readings`, reading());
    redis.signal('SIGCONT');

    expect(hung.status).toBe(503);
    expect((await send(`${api.url}/readings`, reading())).status).toBe(201);
  });

  it('names a wrong password, without showing it', async () => {
    await using redis = await startRedis({ requirepass: 'right-one' });
    await using api = await start(redis.url, { REDIS_PASSWORD: 'wrong-one' });
    await using store = temporaryStore();
    await using task = runTask(store, { REDIS_URL: redis.url, REDIS_PASSWORD: 'wrong-one' });

    const answer = await send(`${api.url}/readings`, reading());

    expect(answer).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('refuses the user or password') },
    });
    await expect.poll(() => task.log.at('error').length).toBeGreaterThan(0);
    expect(task.log.at('error')[0]?.fields.reason).toBe('no-access');
    expect(JSON.stringify([...task.log.lines, ...api.log.lines])).not.toMatch(/(wrong|right)-one/);
  });

  it('speaks with a password where it is right', async () => {
    await using redis = await startRedis({ requirepass: 'right-one' });
    await using api = await start('', {
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: `tcp://10.1.2.3:${redis.port}`,
      REDIS_PASSWORD: 'right-one',
    });

    expect((await send(`${api.url}/readings`, reading())).status).toBe(201);
  });

  it('names a stream key of another type', async () => {
    await using redis = await startRedis();
    await using observer = await redisClient(redis.url);
    await observer.client.lPush(STREAM, 'not a stream');
    await using api = await start(redis.url);

    const plain = await send(`${api.url}/readings`, reading());
    const keyed = await send(`${api.url}/readings`, reading(), { headers: { 'idempotency-key': 'a' } });

    expect([plain.status, keyed.status]).toEqual([503, 503]);
    expect(plain.body.detail).toContain(`${STREAM} in Redis is not a stream`);
    expect(await health(api)).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('not a stream') });
  });

  it('refuses beyond the bound of the stream and drops nothing that was accepted', async () => {
    await using redis = await startRedis();
    await using api = await start(redis.url, { REDIS_STREAM_MAX_LENGTH: '10' });
    const url = `${api.url}/readings`;

    const first = await send(url, Array.from({ length: 10 }, reading));
    const beyond = await send(url, reading());
    const state = await health(api);
    await using store = temporaryStore();
    await using _task = runTask(store, { REDIS_URL: redis.url });

    expect(first.status).toBe(201);
    expect([beyond.status, beyond.headers.get('retry-after')]).toEqual([503, '5']);
    expect(state).toMatchObject({ status: 'full', stream_length: 10 });
    await expect.poll(() => storedOf(store, 'yard-1')).toHaveLength(10);
    await expect.poll(async () => (await send(url, reading())).status).toBe(201);
  });

  it('refuses while Redis is full, and the worker makes room on the full Redis', { timeout: 150_000 }, async () => {
    await using redis = await startRedis({ maxmemory: '6mb', 'maxmemory-policy': 'noeviction' });
    await using observer = await redisClient(redis.url);
    await using api = await start(redis.url);
    const url = `${api.url}/readings`;

    let accepted = 0;
    let full: Awaited<ReturnType<typeof send>> | undefined;
    while (full === undefined) {
      const answer = await send(url, Array.from({ length: 1_000 }, reading));
      accepted += answer.body.accepted;
      if (answer.status !== 201) full = answer;
    }
    const keyed = await send(url, reading(), { headers: { 'idempotency-key': 'when-full' } });
    await using store = temporaryStore();
    await using task = runTask(store, { REDIS_URL: redis.url, REDIS_STREAM_KEEP: '0', SITE_READINGS_MAX_ITEMS: '100' });
    await expect.poll(() => stateOf(observer.client), { timeout: 90_000 }).toMatchObject({ length: 0, pending: 0 });

    expect(full.headers.get('retry-after')).toBe('10');
    expect(full.body.items.at(-1)).toMatchObject({
      status: 503,
      detail: expect.stringContaining('Redis is out of memory'),
    });
    expect(keyed).toMatchObject({ status: 503, body: { detail: expect.stringContaining('Redis is out of memory') } });
    expect(accepted).toBeGreaterThan(1_000);
    expect(await store.readings('yard-1', { from: 0, to: Date.now() + HOUR_MS }, 1_000_000)).toHaveLength(accepted);
    expect(task.log.at('error')).toEqual([]);
    expect((await send(url, reading())).status).toBe(201);
  });

  it('are unsafe in /health from the moment the policy of Redis changes, and name the keys that were evicted', async () => {
    await using redis = await startRedis({ maxmemory: '50mb', 'maxmemory-policy': 'noeviction' });
    await using api = await start(redis.url);
    await using admin = await redisClient(redis.url);
    await expect.poll(() => health(api)).toMatchObject({ status: 'ok', evicted_keys: 0 });

    await admin.client.configSet('maxmemory-policy', 'volatile-ttl');
    await expect
      .poll(() => health(api))
      .toMatchObject({ status: 'unsafe', reason: expect.stringContaining('volatile-ttl') });
    await admin.client.set('cold', 'x'.repeat(1_000_000), { expiration: { type: 'EX', value: 600 } });
    await admin.client.configSet('maxmemory', '1500000');
    await admin.client.set('hot', 'x'.repeat(700_000)).catch(() => undefined);

    await expect.poll(() => health(api)).toMatchObject({ status: 'unsafe', evicted_keys: 1 });
    await admin.client.configSet({ maxmemory: '50mb', 'maxmemory-policy': 'noeviction' });
    await expect.poll(() => health(api)).toMatchObject({ status: 'ok', evicted_keys: 1 });
  });

  it('warns of a Redis that may evict accepted readings', async () => {
    await using redis = await startRedis({ maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' });
    await using api = await start(redis.url);

    await expect.poll(() => api.log.at('warn')).toMatchObject([{ fields: { policy: 'allkeys-lru' } }]);
  });
});
