import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processBatch } from '../../../poller/readings/process-batch.ts';
import { createReadingsMetrics } from '../../../poller/readings/readings-metrics.ts';
import { claimIdle, ensureGroup, takeNew } from '../../../poller/readings/stream.ts';
import { watts } from '../../../shared/grid/units.ts';
import type { MeterReadingsStore } from '../../../shared/records/meter-readings.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { RedisConnection } from '../../../shared/runtime/redis.ts';
import { sweepConsumers } from '../../../shared/store/stream/commit.ts';
import { capturedLog } from '../../captured-log.ts';
import { type RedisServer, redisAvailable, redisClient, startRedis } from '../../servers/redis.ts';
import { entry, GROUP, listOf, runTask, STREAM, stateOf, storedOf, temporaryStore } from './running-task.ts';

describe.skipIf(!redisAvailable())('the readings task', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const env = () => ({ REDIS_URL: server.url, REDIS_STREAM_KEEP: '0' });

  beforeAll(async () => {
    server = await startRedis();
    redis = await redisClient(server.url);
  });
  beforeEach(async () => {
    await redis.client.flushAll();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('stores, lists and acknowledges what was accepted before it ran, and frees the stream', async () => {
    await using store = temporaryStore();
    const ids = [await redis.client.xAdd(STREAM, '*', entry(1)), await redis.client.xAdd(STREAM, '*', entry(2))];

    await using task = runTask(store, env());
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, pending: 0, lag: 0, consumers: 1 });

    const items = await listOf(redis.client);
    expect(items.map((item) => item.stream_id)).toEqual(ids);
    expect(items[0]).toEqual({
      site_id: 'hall-7',
      device_id: 'pdu-1',
      power_reading: 412.5,
      timestamp: expect.stringMatching(/Z$/),
      stream_id: ids[0],
    });
    expect((await storedOf(store)).map((reading) => reading.streamId)).toEqual(ids);
    expect(task.log.at('error')).toEqual([]);
  });

  it('keeps a reading that was sent twice once, in store and list', async () => {
    await using store = temporaryStore();
    const twice = entry(1);
    const first = await redis.client.xAdd(STREAM, '*', twice);
    await redis.client.xAdd(STREAM, '*', twice);

    await using _task = runTask(store, env());
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, pending: 0, lag: 0, consumers: 1 });

    expect((await listOf(redis.client)).map((item) => item.stream_id)).toEqual([first]);
    expect(await storedOf(store)).toHaveLength(1);
  });

  it('lists an entry once when two workers hold it and both finish', async () => {
    await using store = temporaryStore();
    const slow = worker(redis, store, 'slow');
    const fast = worker(redis, store, 'fast');
    await ensureGroup(redis.client, slow);
    await redis.client.xAdd(STREAM, '*', entry(1));
    const taken = await takeNew(redis.client, slow, 10, 1);
    const { deliveries } = await claimIdle(redis.client, fast, 10, 0, '0-0');

    await processBatch(fast, deliveries, new AbortController().signal);
    await processBatch(slow, taken, new AbortController().signal);

    expect(deliveries).toMatchObject([{ id: taken[0]?.id, deliveries: 2 }]);
    expect(await listOf(redis.client)).toHaveLength(1);
    expect(await storedOf(store)).toHaveLength(1);
  });

  it('lists an entry whose worker died between the store and the list', async () => {
    await using store = temporaryStore();
    const dead = worker(redis, store, 'dead');
    await ensureGroup(redis.client, dead);
    const sent = entry(1);
    const id = await redis.client.xAdd(STREAM, '*', sent);
    await takeNew(redis.client, dead, 10, 1);
    const timestamp = Date.parse(sent.timestamp ?? '');
    await store.appendReadings([{ siteId: 'hall-7', deviceId: 'pdu-1', watts: watts(412.5), timestamp, streamId: id }]);

    await using _task = runTask(store, env());
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, pending: 0 });

    expect((await listOf(redis.client)).map((item) => item.stream_id)).toEqual([id]);
    expect(await storedOf(store)).toHaveLength(1);
  });

  it('gives poison up after MAX_DELIVERIES with the reason, and the rest goes on', async () => {
    await using store = temporaryStore();
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`field-${index}`, 'x']));
    const poison: [Record<string, string>, RegExp][] = [
      [entry(1, { power_reading: 'a lot' }), /power_reading is not a finite number/],
      [entry(2, { power_reading: 'NaN' }), /power_reading is not a finite number/],
      [entry(3, { power_reading: '-4' }), /power_reading/],
      [entry(4, { timestamp: 'yesterday' }), /timestamp is not a valid time/],
      [entry(5, { site_id: 'x'.repeat(2_000_000) }), /site_id is not a valid name/],
      [entry(6, { device_id: 'a\u0000b' }), /device_id is not a valid name/],
      [{ hello: 'world' }, /site_id is missing/],
      [{ ...many }, /site_id is missing/],
    ];
    for (const [fields] of poison) await redis.client.xAdd(STREAM, '*', fields);
    await redis.client.xAdd(STREAM, '*', entry(8));

    await using task = runTask(store, env());
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, pending: 0, deadLetters: poison.length });

    const dead = (await redis.client.xRange(`${STREAM}:dead`, '-', '+')) ?? [];
    for (const [index, [, reason]] of poison.entries()) expect(dead[index]?.message.reason).toMatch(reason);
    expect(dead.map(({ message }) => message.deliveries)).toEqual(poison.map(() => '2'));
    expect(JSON.parse(dead[0]?.message.entry ?? '')).toEqual(poison[0]?.[0]);
    expect(await storedOf(store)).toHaveLength(1);
    expect(await task.registry.metrics()).toContain(
      `carbon_poller_readings_processed_total{outcome="dead"} ${poison.length}`,
    );
  });

  it('gives up an entry that no worker survives', async () => {
    await using store = temporaryStore();
    const victim = worker(redis, store, 'victim');
    await ensureGroup(redis.client, victim);
    await redis.client.xAdd(STREAM, '*', entry(1));
    await takeNew(redis.client, victim, 1, 1);
    await claimIdle(redis.client, victim, 1, 0, '0-0');

    await using _task = runTask(store, env());
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ pending: 0, deadLetters: 1 });

    const [dead] = (await redis.client.xRange(`${STREAM}:dead`, '-', '+')) ?? [];
    expect(dead?.message.reason).toMatch(/every worker that took it exited/);
  });

  it('waits for a store that is away, counts that against no reading, and keeps hold of its entries', async () => {
    await using store = temporaryStore();
    let away = true;
    const flaky: MeterReadingsStore = {
      ...store,
      appendReadings: async (readings) => {
        if (away) throw new Error('disk I/O error');
        return store.appendReadings(readings);
      },
    };
    for (let number = 0; number < 50; number++) await redis.client.xAdd(STREAM, '*', entry(number));

    await using task = runTask(flaky, env());
    await expect.poll(() => task.log.at('error').length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [pending] = await redis.client.xPendingRange(STREAM, GROUP, '-', '+', 1);
    away = false;
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, deadLetters: 0 });

    expect(pending?.deliveriesCounter).toBe(1);
    expect(await storedOf(store)).toHaveLength(50);
    expect(await listOf(redis.client)).toHaveLength(50);
  });

  it('says that the stream is of another type, and goes on when it is gone', async () => {
    await using store = temporaryStore();
    await redis.client.set(STREAM, 'not a stream');

    await using task = runTask(store, env());
    await expect.poll(() => task.log.at('error')).toMatchObject([{ fields: { reason: 'wrong-type' } }]);
    await redis.client.del(STREAM);
    await redis.client.xAdd(STREAM, '*', entry(1));

    await expect.poll(() => storedOf(store)).toHaveLength(1);
  });

  it('makes the group again when Redis has lost everything', async () => {
    await using store = temporaryStore();
    await using _task = runTask(store, env());
    await redis.client.xAdd(STREAM, '*', entry(1));
    await expect.poll(() => storedOf(store)).toHaveLength(1);

    await redis.client.flushAll();
    await redis.client.xAdd(STREAM, '*', entry(2));

    await expect.poll(() => storedOf(store)).toHaveLength(2);
  });

  it('bounds a list by count and by age', async () => {
    await using store = temporaryStore();
    const long = 3 * 3_600_000;
    const old = JSON.stringify({ stream_id: `${Date.now() - long}-0` });
    await redis.client.rPush('site_readings:hall-7', [old, old]);
    for (let number = 0; number < 8; number++) await redis.client.xAdd(STREAM, '*', entry(number));
    await redis.client.rPush('site_readings:hall-8', [old]);
    await redis.client.xAdd(STREAM, '*', entry(1, { site_id: 'hall-8' }));

    await using _task = runTask(store, { ...env(), SITE_READINGS_MAX_ITEMS: '5', SITE_READINGS_MAX_AGE_HOURS: '2' });
    await expect.poll(() => stateOf(redis.client)).toMatchObject({ length: 0, consumers: 1 });

    expect((await listOf(redis.client)).map((item) => item.device_id)).toEqual([3, 4, 5, 6, 7].map((n) => `pdu-${n}`));
    expect((await listOf(redis.client, 'hall-8')).map((item) => item.device_id)).toEqual(['pdu-1']);
    expect(await redis.client.ttl('site_readings:hall-7')).toBeGreaterThan(7_000);
  });

  it('tells length, pending, lag, workers and dead letters as metrics', async () => {
    await using store = temporaryStore();
    await redis.client.xAdd(STREAM, '*', { no: 'reading' });
    await ensureGroup(redis.client, { stream: STREAM, group: GROUP, consumer: 'gone' });
    await takeNew(redis.client, { stream: STREAM, group: GROUP, consumer: 'gone' }, 1, 1);
    await redis.client.xAdd(`${STREAM}:dead`, '*', { some: 'letter' });

    await using task = runTask(store, { ...env(), CLAIM_IDLE_SECONDS: '60' });

    await expect
      .poll(() => task.registry.metrics())
      .toContain('carbon_readings_stream_length{stream="energy_readings"} 1');
    const metrics = await task.registry.metrics();
    for (const line of ['stream_pending{stream="energy_readings"} 1', 'stream_lag{stream="energy_readings"} 0'])
      expect(metrics).toContain(`carbon_readings_${line}`);
    expect(metrics).toMatch(/carbon_readings_stream_consumers\{stream="energy_readings"\} [12]/);
    expect(metrics).toContain('carbon_readings_dead_letters{stream="energy_readings"} 1');
    await expect
      .poll(() => task.registry.metrics())
      .toContain('carbon_poller_readings_connected{consumer="test-worker"} 1');
  });

  it('leaves finished entries for replay up to a length, the newest, and none that is unfinished goes', async () => {
    await using store = temporaryStore();
    const ids: string[] = [];
    for (let number = 1; number <= 5; number += 1) ids.push(await redis.client.xAdd(STREAM, '*', entry(number)));

    await using _task = runTask(store, { ...env(), REDIS_STREAM_KEEP: '3' });
    await expect.poll(() => storedOf(store)).toHaveLength(5);
    await expect.poll(() => redis.client.xLen(STREAM)).toBe(3);
    await redis.client.xGroupCreate(STREAM, 'replay', '0');
    const replayed = await redis.client.xReadGroup('replay', 'me', { key: STREAM, id: '>' });

    const messages = (replayed as { messages: { id: string }[] }[])[0]?.messages ?? [];
    expect(messages.map(({ id }) => id)).toEqual(ids.slice(2));
  });

  it('leaves entries in the stream that another group has not read', async () => {
    await using store = temporaryStore();
    await redis.client.xGroupCreate(STREAM, 'auditors', '0', { MKSTREAM: true });
    await redis.client.xAdd(STREAM, '*', entry(1));

    await using _task = runTask(store, env());
    await expect.poll(() => storedOf(store)).toHaveLength(1);
    const kept = await redis.client.xLen(STREAM);
    await redis.client.xGroupDestroy(STREAM, 'auditors');
    await redis.client.xAdd(STREAM, '*', entry(2));

    expect(kept).toBe(1);
    await expect.poll(() => redis.client.xLen(STREAM)).toBe(0);
  });

  it('forgets silent workers that hold nothing, never one that holds an entry', async () => {
    const holding = { stream: STREAM, group: GROUP, consumer: 'holding' };
    await ensureGroup(redis.client, holding);
    await redis.client.xGroupCreateConsumer(STREAM, GROUP, 'idle');
    await redis.client.xAdd(STREAM, '*', entry(1));
    await takeNew(redis.client, holding, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));

    const gone = await sweepConsumers(redis.client, { ...holding, consumer: 'me' }, 10);

    expect(gone).toBe(1);
    expect(await stateOf(redis.client)).toMatchObject({ consumers: 1, pending: 1 });
  });
});

function worker(redis: RedisConnection, store: MeterReadingsStore, consumer: string) {
  return {
    stream: STREAM,
    group: GROUP,
    consumer,
    maxDeliveries: 5,
    keep: 0,
    bounds: { maxItems: 100, maxAgeMs: 3_600_000 },
    redis,
    store,
    metrics: createReadingsMetrics(new Registry()),
    clock: systemClock,
    logger: capturedLog(),
  };
}
