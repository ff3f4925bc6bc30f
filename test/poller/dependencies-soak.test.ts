// Flow: half an hour of recording on a clock of 40 times the speed, while everything that the poller depends on fails.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { acceleratedClock } from '../accelerated-clock.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { type KeplerDouble, type KeplerMode, startKeplerDouble } from '../doubles/kepler.ts';
import { send, startReadingsApi } from '../extender/readings-api-server.ts';
import { postgresAvailable, startPostgres } from '../servers/postgres.ts';
import type { PostgresServer } from '../servers/postgres-cluster.ts';
import { type RedisServer, redisAvailable, startRedis } from '../servers/redis.ts';
import { openTimescaleReadings, openTimescaleWriter } from '../shared/store/opened-parts.ts';

const FACTOR = 40;
/** Room for the spool. */
const DISK_MB = 4;
const MINUTES = 30;
const INTENSITIES = { DE: 300, FR: 50 };
const CONTAINERS = [10, 40, 120].map((watts, index) => ({
  namespace: 'shop',
  pod: `web-${index}`,
  container: 'app',
  watts,
}));
const ALWAYS = { from: 0, to: 9e12 };

/** What a fault may reach, and how long it lasts in minutes of the accelerated clock. */
interface World {
  readonly clock: Clock;
  readonly kepler: KeplerDouble;
  readonly grid: ElectricityMapsDouble;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly folder: string;
  readonly cacheFile: string;
}

/** Faults by the minute in which they begin; each ends before the next of its own kind. */
const FAULTS: readonly (readonly [minute: number, fault: (world: World) => Promise<void>])[] = [
  [2, keplerFault('html')],
  [3, gridFault('error-500')],
  [4, postgresFault],
  [6, redisFault],
  [7, keplerFault('truncated')],
  [8, cacheFileFault],
  [9, diskFault],
  [12, keplerFault('cut-connection')],
  [13, gridFault('html-502')],
  [14, redisFault],
  [15, postgresFault],
  [17, keplerFault('error')],
  [18, cacheFileFault],
  [19, gridFault('too-many')],
  [20, diskFault],
  [23, redisFault],
  [24, keplerFault('unknown-metrics')],
];

describe.skipIf(!postgresAvailable() || !redisAvailable())('half an hour of failing dependencies', () => {
  it('loses nothing, counts nothing twice, and needs no more memory and descriptors', {
    timeout: 150_000,
    // It has hung once in three runs, for a reason that is not known: a second failure is one.
    retry: 1,
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
    await expect.poll(recordedUntil, { timeout: 60_000 }).toBeGreaterThan(0);
    const end = clock.now() + MINUTES * 60_000;

    const [accepted] = await Promise.all([sendReadings(api.url, clock, end), injectFaults(world, end)]);

    await using meters = openTimescaleReadings(dsn);
    await expect
      .poll(async () => (await meters.readings('quay-1', ALWAYS, 100_000)).length, { timeout: 30_000 })
      .toBe(accepted);
    await expect.poll(recordedUntil, { timeout: 30_000 }).toBeGreaterThan(end);
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
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
  };
  return { heaps, descriptors, stop, [Symbol.asyncDispose]: stop };
}

async function injectFaults(world: World, end: number): Promise<void> {
  const begin = world.clock.now();
  const running: Promise<void>[] = [];
  for (const [minute, fault] of FAULTS) {
    await world.clock.sleep(begin + minute * 60_000 - world.clock.now());
    running.push(fault(world));
  }
  await Promise.all(running);
  await world.clock.sleep(end - world.clock.now());
}

/** Sends a batch every few seconds of the clock until each reading is accepted; gives how many were. */
async function sendReadings(url: string, clock: Clock, end: number): Promise<number> {
  let count = 0;
  while (clock.now() < end) {
    const now = clock.now();
    let open = Array.from({ length: 10 }, (_, index) => ({
      ...{ site_id: 'quay-1', device_id: `m-${index}`, power_reading: 100, timestamp: new Date(now).toISOString() },
    }));
    while (open.length > 0) {
      const { body } = await send(`${url}/readings`, open);
      count += body.items.filter(({ status }) => status === 201).length;
      open = open.filter((_, index) => body.items[index]?.status !== 201);
      if (open.length > 0) await clock.sleep(2_000);
    }
    await clock.sleep(12_000);
  }
  return count;
}

function keplerFault(mode: KeplerMode) {
  return async ({ kepler, clock }: World) => {
    kepler.mode = mode;
    await clock.sleep(90_000);
    kepler.mode = 'ok';
  };
}

function gridFault(fault: Parameters<ElectricityMapsDouble['faults']['set']>[1]) {
  return async ({ grid, clock }: World) => {
    grid.faults.set('*', fault);
    await clock.sleep(120_000);
    grid.faults.clear();
  };
}

async function postgresFault({ postgres, clock }: World): Promise<void> {
  await postgres.kill();
  await clock.sleep(60_000);
  await postgres.start();
}

async function redisFault({ redis, clock }: World): Promise<void> {
  await redis.kill();
  await clock.sleep(30_000);
  await redis.start();
}

/** Another program leaves nonsense in place of the cache file, and then a folder of its name. */
async function cacheFileFault({ cacheFile, clock }: World): Promise<void> {
  rmSync(cacheFile, { force: true });
  writeFileSync(cacheFile, '{"half": ');
  await clock.sleep(30_000);
  rmSync(cacheFile, { force: true });
  mkdirSync(cacheFile, { recursive: true });
  await clock.sleep(70_000);
  rmSync(cacheFile, { recursive: true, force: true });
}

/** The disk is full while the database is away: neither takes a sample, and the next scrape gives the energy of all. */
async function diskFault({ postgres, folder, clock }: World): Promise<void> {
  await postgres.kill();
  await clock.sleep(15_000);
  const filler = join(folder, 'data', 'filler');
  for (let megabytes = 0; megabytes < DISK_MB; megabytes += 1) {
    try {
      appendFileSync(filler, Buffer.alloc(1_048_576));
    } catch {
      break;
    }
  }
  await clock.sleep(90_000);
  rmSync(filler, { force: true });
  await postgres.start();
}

/** A small disk of its own for the spool, where that is allowed; else a folder, and disks are never full. */
function smallDisk(path: string): Disposable {
  mkdirSync(path);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', path], { stdio: 'ignore' });
  if (status !== 0) console.warn('no small disk could be mounted: the disk is not filled');
  return { [Symbol.dispose]: () => void (status === 0 && spawnSync('umount', ['-l', path], { stdio: 'ignore' })) };
}
