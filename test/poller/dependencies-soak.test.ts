// Flow: half an hour of recording on a clock of 40 times the speed, while everything that the poller depends on fails.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { acceleratedClock } from '../accelerated-clock.ts';
import { fork } from '../children.ts';
import { GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { startKeplerDouble } from '../doubles/kepler.ts';
import { send, startReadingsApi } from '../extender/readings-api-server.ts';
import { postgresAvailable, startPostgres } from '../servers/postgres.ts';
import { redisAvailable, startRedis } from '../servers/redis.ts';
import { openTimescaleReadings, openTimescaleWriter } from '../shared/store/opened-parts.ts';
import { injectFaults, smallDisk, type World } from './dependency-faults.ts';

const FACTOR = 40;
const MINUTES = 30;
/** Longest time in which a batch may be refused, in milliseconds of the clock; half a minute of the machine’s. */
const REFUSED_MS = 1_200_000;
/** Longest time for a response and for the end of the poller, in milliseconds of the machine. */
const RESPONSE_MS = 20_000;
const STOP_WITHIN_MS = 40_000;
const INTENSITIES = { DE: 300, FR: 50 };
const CONTAINERS = [10, 40, 120].map((watts, index) => ({
  namespace: 'shop',
  pod: `web-${index}`,
  container: 'app',
  watts,
}));
const ALWAYS = { from: 0, to: 9e12 };

describe.skipIf(!postgresAvailable() || !redisAvailable())('half an hour of failing dependencies', () => {
  it('loses nothing, counts nothing twice, and needs no more memory and descriptors', {
    timeout: 200_000,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const start = Date.now();
    const clock = acceleratedClock(start, FACTOR);
    const folder = mkdtempSync(join(tmpdir(), 'dependencies-soak-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const kepler = stack.use(await startKeplerDouble({ generation: 'rewrite', clock, containers: CONTAINERS }));
    const grid = stack.use(await startElectricityMaps(INTENSITIES));
    grid.now = clock.now;
    const postgres = stack.use(await startPostgres());
    const redis = stack.use(await startRedis());
    stack.use(smallDisk(join(folder, 'data')));
    const world: World = { clock, kepler, grid, postgres, redis, folder, cacheFile: join(folder, 'cache', 'c.json') };
    const dsn = await postgres.database();
    const poller = stack.use(startSoakedPoller(world, start, dsn));
    const api = stack.use(await startReadingsApi({ DATA_DIR: join(folder, 'api'), REDIS_URL: redis.url }, clock));
    await using store = openTimescaleWriter(dsn);
    const recordedUntil = async () => (await store.totals()).lastMeasurement ?? 0;
    const reaches = (time: number) =>
      poller.unlessEnded(expect.poll(recordedUntil, { timeout: 60_000 }).toBeGreaterThan(time));
    await reaches(0);
    const end = clock.now() + MINUTES * 60_000;

    const work = Promise.all([sendReadings(api.url, clock, end), injectFaults(world, end)]);
    const [accepted] = await poller.unlessEnded(work);

    await using meters = openTimescaleReadings(dsn);
    await expect.poll(async () => (await meters.readings('quay-1', ALWAYS, 100_000)).length).toBe(accepted);
    await reaches(end);
    await poller.stop();
    for (const { pod, watts } of CONTAINERS) {
      const samples = (await Array.fromAsync(store.samples({ pod }, ALWAYS))).flat();
      const first = samples[0]?.start ?? 0;
      const last = samples.at(-1)?.end ?? 0;
      expect((last - first) / 60_000, pod).toBeGreaterThan(MINUTES - 2);
      // Side by side: no second is missing, and none is there twice.
      expect(
        samples
          .slice(1)
          .map(({ start: from }, index) => from - (samples[index]?.end ?? 0))
          .filter(Boolean),
      ).toEqual([]);
      const joules = samples.reduce((sum, sample) => sum + sample.joules, 0);
      expect(joules / ((watts * (last - first)) / 1_000), pod).toBeCloseTo(1, 1);
    }
    const hours = await store.intensities(Object.keys(INTENSITIES).map(zone), { from: start, to: end });
    expect(hours.length).toBeGreaterThanOrEqual(2);
    const invented = hours.filter(
      (hour) => hour.quality !== 'forecast' && hour.carbonIntensity !== INTENSITIES[hour.zone as 'DE'],
    );
    expect(invented).toEqual([]);
    const cache = decodeCarbonCache(readFileSync(world.cacheFile, 'utf8'));
    expect(JSON.stringify(cache)).toContain('"DE"');
    expectFlat(poller.heaps, 6_000_000);
    expectFlat(poller.descriptors, 6);
  });
});

/** The later half of a series does not lie above the earlier one by more than a margin. The first readings are the start. */
function expectFlat(series: readonly number[], margin: number): void {
  const settled = series.slice(5);
  const half = Math.floor(settled.length / 2);
  expect(half).toBeGreaterThan(5);
  expect(median(settled.slice(half))).toBeLessThan(median(settled.slice(0, half)) + margin);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function startSoakedPoller({ grid, kepler, redis, folder, cacheFile }: World, start: number, dsn: string) {
  for (const name of ['cache', 'api']) mkdirSync(join(folder, name));
  const child: ChildProcess = fork(join(import.meta.dirname, 'soaked-poller.ts'), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...{ SOAK_START: String(start), SOAK_FACTOR: String(FACTOR) },
      ...{
        MODE: 'db',
        TSDB_DSN: dsn,
        REDIS_URL: redis.url,
        POLLER_PORT: '0',
        SCRAPE_INTERVAL_SECONDS: '120',
        LOG_LEVEL: 'error',
      },
      ...{ DATA_DIR: join(folder, 'data'), CACHE_FILE: cacheFile, EXPORTER_URL: kepler.url, POWER_SOURCE: 'kepler' },
      ...{ ZONES: Object.keys(INTENSITIES).join(','), GRID_PROVIDERS: 'electricity-maps', GRID_FORECAST: 'no' },
      ...{ ELECTRICITY_MAPS_API_KEY: GOOD_KEY, ELECTRICITY_MAPS_URL: grid.url, POLL_INTERVAL_MINUTES: '1' },
      ...{ ELECTRICITY_MAPS_REQUESTS_PER_HOUR: '1000000', CLAIM_IDLE_SECONDS: '1', MAX_DELIVERIES: '1000' },
    },
  });
  const exited = once(child, 'exit');
  const heaps: number[] = [];
  const descriptors: number[] = [];
  child.on('message', ({ heap }: { readonly heap: number }) => {
    heaps.push(heap);
    descriptors.push(readdirSync(`/proc/${child.pid}/fd`).length);
  });
  const ended = exited.then(([code, signal]): never => {
    throw new Error(`the poller ended too early, with ${signal ?? code}`);
  });
  ended.catch(() => undefined);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(late);
    if (child.signalCode !== null) throw new Error(`the poller did not stop within ${STOP_WITHIN_MS} ms`);
  };
  return {
    heaps,
    descriptors,
    stop,
    /** What the work gives; rejects when the poller ends before. */
    unlessEnded: <Result>(work: Promise<Result>): Promise<Result> => Promise.race([work, ended]),
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Sends a batch every few seconds of the clock until each reading is accepted; gives how many were. Rejects with the
 * last response when a batch is refused for longer than any fault lasts.
 */
async function sendReadings(url: string, clock: Clock, end: number): Promise<number> {
  let count = 0;
  while (clock.now() < end) {
    const now = clock.now();
    let open = Array.from({ length: 10 }, (_, index) => ({
      ...{ site_id: 'quay-1', device_id: `m-${index}`, power_reading: 100, timestamp: new Date(now).toISOString() },
    }));
    while (open.length > 0) {
      const { status, body } = await send(`${url}/readings`, open, { signal: AbortSignal.timeout(RESPONSE_MS) });
      if (clock.now() > now + REFUSED_MS) throw new Error(`readings are refused: ${status} ${JSON.stringify(body)}`);
      count += body.items.filter(({ status }) => status === 201).length;
      open = open.filter((_, index) => body.items[index]?.status !== 201);
      if (open.length > 0) await clock.sleep(2_000);
    }
    await clock.sleep(12_000);
  }
  return count;
}
