// Flow: the readings pipeline while workers and Redis are killed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { MeterReadingsStore } from '../../../shared/records/meter-readings.ts';
import { siteList } from '../../../shared/store/stream/entry.ts';
import { send, startReadingsApi } from '../../extender/readings-api-server.ts';
import { postgresAvailable, startPostgres } from '../../servers/postgres.ts';
import { redisAvailable, redisClient, startRedis } from '../../servers/redis.ts';
import { type Opened, openSqliteReadings, openTimescaleReadings } from '../../shared/store/opened-parts.ts';
import { type StartedProcess, startProcess } from '../../started-process.ts';
import { stateOf } from './running-task.ts';

const BATCH = 500;
const SITES = 20;
const KILL_EVERY_MS = 1_500;

interface Scenario {
  readonly name: string;
  readonly here: boolean;
  readonly readings: number;
  readonly redisDiesAfterMs: number;
  readonly start: () => Promise<Backend>;
}

/** A store for the run: settings of the processes that use it, and a connection to look into it. */
interface Backend extends AsyncDisposable {
  readonly env: Record<string, string>;
  readonly open: () => Opened<MeterReadingsStore>;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'SQLite', here: true, readings: 100_000, redisDiesAfterMs: 10_000, start: startSqlite },
  {
    name: 'PostgreSQL',
    here: postgresAvailable(),
    readings: 100_000,
    redisDiesAfterMs: 10_000,
    start: startPostgresStore,
  },
];

for (const { name, here, readings, redisDiesAfterMs, start } of SCENARIOS) {
  describe.skipIf(!here || !redisAvailable())(`the readings pipeline into ${name} under crashes`, () => {
    const title = `keeps each of ${readings} readings exactly once while workers and Redis are killed`;
    it(title, { timeout: 240_000 }, async () => {
      await using backend = await start();
      await using redis = await startRedis();
      await using api = await startReadingsApi({ ...backend.env, REDIS_URL: redis.url });
      await using workers = startWorkers({ ...backend.env, REDIS_URL: redis.url, REDIS_STREAM_KEEP: '0' });
      const base = Date.now() - readings;

      const sent = sendAll(`${api.url}/readings`, base, readings);
      const chaos = { over: false, kills: 0 };
      const killing = killNowAndThen(workers, chaos);
      await wait(redisDiesAfterMs);
      await redis.kill();
      await wait(500);
      await redis.start();
      const { accepted, retries } = await sent;
      await using observer = await redisClient(redis.url);
      // On a machine so busy that workers are killed before they have started, the kills must end for the work to.
      const patience = Date.now() + 10_000;
      const backlog = async () => (await stateOf(observer.client)).length;
      while ((chaos.kills < 3 || (await backlog()) > readings / 20) && Date.now() < patience) await wait(100);
      chaos.over = true;
      await killing;
      await expect
        .poll(() => stateOf(observer.client), { timeout: 120_000, interval: 200 })
        .toMatchObject({ length: 0, pending: 0, lag: 0, deadLetters: 0 });

      const listed = await listedKeys(observer.client);
      const stored = await storedKeys(backend, base, readings);
      console.log(
        `${accepted} accepted, ${retries} batches sent again, ${chaos.kills} workers killed, Redis killed once`,
      );
      expect(accepted).toBe(readings);
      expect({ items: listed.length, distinct: new Set(listed).size }).toEqual({ items: readings, distinct: readings });
      expect({ rows: stored.length, distinct: new Set(stored).size }).toEqual({ rows: readings, distinct: readings });
      expect(new Set(stored)).toEqual(new Set(listed));
    });
  });
}

async function startSqlite(): Promise<Backend> {
  const folder = mkdtempSync(join(tmpdir(), 'readings-crash-'));
  return {
    env: { DATA_DIR: folder },
    open: () => openSqliteReadings(folder),
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPostgresStore(): Promise<Backend> {
  const folder = mkdtempSync(join(tmpdir(), 'readings-crash-'));
  const server = await startPostgres();
  const dsn = await server.database();
  return {
    env: { DATA_DIR: folder, MODE: 'db', TSDB_DSN: dsn },
    open: () => openTimescaleReadings(dsn),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function reading(base: number, number: number) {
  return {
    site_id: `site-${number % SITES}`,
    device_id: `meter-${number % 7}`,
    power_reading: 100 + (number % 900),
    timestamp: new Date(base + number).toISOString(),
  };
}

/** Sends every reading until it is accepted: what got no 201 is sent again, as a meter would. */
async function sendAll(url: string, base: number, readings: number): Promise<{ accepted: number; retries: number }> {
  let accepted = 0;
  let retries = 0;
  for (let first = 0; first < readings; first += BATCH) {
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

function startWorkers(env: Record<string, string>): Workers {
  const start = (name: string) =>
    startProcess('poller', {
      ...env,
      POLLER_TASKS: 'readings',
      POLLER_PORT: '0',
      POLLER_HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
      DATA_DIR: join(env.DATA_DIR ?? '', env.MODE === 'db' ? name : ''),
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

async function storedKeys({ open }: Backend, base: number, readings: number): Promise<string[]> {
  await using store = open();
  const keys: string[] = [];
  for (let site = 0; site < SITES; site++) {
    const range = { from: base, to: base + readings };
    for (const { siteId, deviceId, timestamp } of await store.readings(`site-${site}`, range, readings))
      keys.push(`${siteId} ${deviceId} ${new Date(timestamp).toISOString()}`);
  }
  return keys;
}
