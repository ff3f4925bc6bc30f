import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteReadings } from '../../../shared/store/sqlite/readings-store.ts';
import { siteList } from '../../../shared/store/stream/entry.ts';
import { streamState } from '../../../shared/store/stream/state.ts';
import { send, startReadingsApi } from '../../extender/readings-api-server.ts';
import { redisAvailable, redisClient, startRedis } from '../../servers/redis.ts';
import { type StartedProcess, startProcess } from '../../started-process.ts';

const READINGS = 100_000;
const BATCH = 500;
const SITES = 20;
const KILL_EVERY_MS = 1_500;

const folder = mkdtempSync(join(tmpdir(), 'readings-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!redisAvailable())('the readings pipeline under crashes', () => {
  it(`keeps each of ${READINGS} readings exactly once while workers and Redis are killed`, {
    timeout: 240_000,
  }, async () => {
    await using redis = await startRedis();
    await using api = await startReadingsApi({ DATA_DIR: folder, REDIS_URL: redis.url });
    await using workers = startWorkers(redis.url);
    const base = Date.now() - READINGS;

    const sent = sendAll(`${api.url}/readings`, base);
    const chaos = { over: false, kills: 0 };
    const killing = killNowAndThen(workers, chaos);
    await wait(10_000);
    await redis.kill();
    await wait(500);
    await redis.start();
    const { accepted, retries } = await sent;
    await using observer = await redisClient(redis.url);
    const lag = async () => (await streamState(observer.client, 'energy_readings', 'processing_group')).lag ?? -1;
    while ((await lag()) > READINGS / 20) await wait(200);
    chaos.over = true;
    await killing;
    await expect
      .poll(() => streamState(observer.client, 'energy_readings', 'processing_group'), { timeout: 60_000 })
      .toMatchObject({ length: 0, pending: 0, lag: 0, deadLetters: 0 });

    const listed = await listedKeys(observer.client);
    const stored = await storedKeys(base);
    console.log(
      `${accepted} accepted, ${retries} batches sent again, ${chaos.kills} workers killed, Redis killed once`,
    );
    expect(accepted).toBe(READINGS);
    expect(chaos.kills).toBeGreaterThan(5);
    expect({ items: listed.length, distinct: new Set(listed).size }).toEqual({ items: READINGS, distinct: READINGS });
    expect({ rows: stored.length, distinct: new Set(stored).size }).toEqual({ rows: READINGS, distinct: READINGS });
    expect(new Set(stored)).toEqual(new Set(listed));
  });
});

function reading(base: number, number: number) {
  return {
    site_id: `site-${number % SITES}`,
    device_id: `meter-${number % 7}`,
    power_reading: 100 + (number % 900),
    timestamp: new Date(base + number).toISOString(),
  };
}

/** Sends every reading until it is accepted: what got no 201 is sent again, as a meter would. */
async function sendAll(url: string, base: number): Promise<{ accepted: number; retries: number }> {
  let accepted = 0;
  let retries = 0;
  for (let first = 0; first < READINGS; first += BATCH) {
    let open = Array.from({ length: BATCH }, (_, index) => reading(base, first + index));
    while (open.length > 0) {
      const { items } = (await send(url, open)).body;
      accepted += items.filter(({ status }) => status === 201).length;
      open = open.filter((_, index) => items[index]?.status !== 201);
      if (open.length === 0) break;
      retries += 1;
      await wait(200);
    }
    // A pace that spreads the load over the kills.
    await wait(100);
  }
  return { accepted, retries };
}

interface Workers extends AsyncDisposable {
  readonly running: StartedProcess[];
  replace(index: number): void;
}

function startWorkers(url: string): Workers {
  const start = (name: string) =>
    startProcess('poller', {
      POLLER_TASKS: 'readings',
      POLLER_PORT: '0',
      POLLER_HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
      DATA_DIR: folder,
      REDIS_URL: url,
      CONSUMER_NAME: name,
      CLAIM_IDLE_SECONDS: '1',
      READINGS_BATCH: '50',
      MAX_DELIVERIES: '50',
    });
  const running = [0, 1, 2].map((index) => start(`worker-${index}`));
  return {
    running,
    replace(index) {
      running[index] = start(`worker-${index}`);
    },
    async [Symbol.asyncDispose]() {
      for (const worker of running) await worker[Symbol.asyncDispose]();
    },
  };
}

async function killNowAndThen(workers: Workers, chaos: { over: boolean; kills: number }): Promise<void> {
  for (let turn = 0; ; turn++) {
    await wait(KILL_EVERY_MS);
    if (chaos.over) return;
    const index = turn % workers.running.length;
    workers.running[index]?.child.kill('SIGKILL');
    await workers.running[index]?.[Symbol.asyncDispose]();
    chaos.kills += 1;
    workers.replace(index);
  }
}

async function listedKeys(client: Awaited<ReturnType<typeof redisClient>>['client']): Promise<string[]> {
  const keys: string[] = [];
  for (let site = 0; site < SITES; site++) {
    for (const text of await client.lRange(siteList(`site-${site}`), 0, -1)) {
      const { site_id, device_id, timestamp } = JSON.parse(text);
      keys.push(`${site_id} ${device_id} ${timestamp}`);
    }
  }
  return keys;
}

async function storedKeys(base: number): Promise<string[]> {
  await using store = openSqliteReadings(folder);
  const keys: string[] = [];
  for (let site = 0; site < SITES; site++) {
    const range = { from: base, to: base + READINGS };
    for (const { siteId, deviceId, timestamp } of await store.readings(`site-${site}`, range, READINGS))
      keys.push(`${siteId} ${deviceId} ${new Date(timestamp).toISOString()}`);
  }
  return keys;
}
