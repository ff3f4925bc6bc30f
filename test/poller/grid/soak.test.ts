// Flow: thirty days of poll cycles with random faults.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import type { WritableStore } from '../../../shared/records/power.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { GOOD_KEY, startElectricityMaps } from '../../doubles/electricity-maps.ts';
import { startEnergyCharts } from '../../doubles/energy-charts.ts';
import { FAULTS, type Fault, type GridService } from '../../doubles/grid-service.ts';
import { startUkCarbonIntensity } from '../../doubles/uk-carbon-intensity.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';
import { type PollCycles, startPollCycles } from './poll-cycles.ts';

const DAYS = 30;
const ROUND_MS = 30 * 60_000;
const TTL_MINUTES = 60;
const START = Date.parse('2026-01-01T00:00:00Z');
const ZONES = ['FR', 'DE', 'GB', 'PT'];
const BUDGET = 30;
/** Faults that cost real time: each is played a few times only. */
const COSTLY: readonly Fault[] = ['slow', 'endless'];
const MOST_COSTLY = 3;

/** What the world's grids really were: every value that is stored or shown must be one of these. */
const truth: Record<string, (place: string, time: number) => number> = {
  'electricity-maps': (place, time) => 100 + ((place.charCodeAt(0) * 7 + (hourOf(time) / HOUR_MS) * 13) % 400),
  'energy-charts': (place, time) => 1000 + ((place.charCodeAt(1) * 5 + (hourOf(time) / HOUR_MS) * 11) % 300),
  'uk-carbon-intensity': (_, time) => 2000 + (((hourOf(time) / HOUR_MS) * 17) % 250),
};
const placeOf: Record<string, (code: string) => string> = {
  'electricity-maps': (code) => code,
  'energy-charts': (code) => code.toLowerCase(),
  'uk-carbon-intensity': () => 'GB',
};

/** Mulberry32: the same faults in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

it(`survives ${DAYS} days of random faults without losing or inventing a sample`, { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const clock = new FakeClock(START);
  clock.sleep = async (ms) => clock.jump(ms);
  const doubles = await startDoubles(clock);
  const store = openSqliteWriter(folder);
  const play = await player(folder, clock, doubles, store);
  const heap: number[] = [];

  for (let round = 0; round < (DAYS * 24 * HOUR_MS) / ROUND_MS; round++) {
    await play(round);
    if (round % 48 === 0) heap.push(heapUsed());
  }

  const rows = await store.intensities(ZONES.map(zone), { from: 0, to: clock.now() + HOUR_MS });
  const stored = new Set(rows.map(({ zone: of, hour }) => `${of} ${hour}`));
  const invented = rows.filter(({ zone: of, hour, provider, carbonIntensity, quality }) => {
    const value = truth[provider]?.(placeOf[provider]?.(of) ?? '', hour);
    // A forecast of the double lies a little above, and the mean of an hour may hold both.
    return value === undefined || carbonIntensity < value || carbonIntensity > value + (quality === 'forecast' ? 6 : 0);
  });
  const delivered = doubles.flatMap(({ name, double }) => deliveries(name, double));
  expect(delivered.length).toBeGreaterThan(4_000);
  expect(delivered.filter((key) => !stored.has(key))).toEqual([]);
  expect(invented).toEqual([]);
  for (const { double } of doubles) expect(mostInAnHour(double)).toBeLessThanOrEqual(BUDGET);
  expect(doubles.flatMap(({ double }) => double.requests).filter(({ fault }) => fault).length).toBeGreaterThan(300);
  // The first days fill caches of the runtime; after them nothing may grow.
  expect(Math.max(...heap.slice(-5)) - Math.max(...heap.slice(5, 10))).toBeLessThan(8);

  await store[Symbol.asyncDispose]();
  for (const { double } of doubles) await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function startDoubles(clock: FakeClock) {
  const doubles = [
    { name: 'electricity-maps', double: (await startElectricityMaps({ FR: 1, DE: 1, GB: 1, PT: 1 })) as GridService },
    { name: 'uk-carbon-intensity', double: await startUkCarbonIntensity({ GB: 1 }) },
    { name: 'energy-charts', double: await startEnergyCharts({ fr: 1, de: 1, pt: 1 }) },
  ];
  for (const { name, double } of doubles) {
    double.now = () => clock.now();
    double.valueAt = (place, time) => truth[name]?.(place, time);
  }
  return doubles;
}

/** Plays rounds: faults come and go, the store is away now and then, and the poller is started anew once in a while. */
async function player(
  folder: string,
  clock: FakeClock,
  doubles: Awaited<ReturnType<typeof startDoubles>>,
  store: WritableStore,
) {
  const random = seeded(20_261_120);
  const file = join(folder, 'cache.json');
  const url = (name: string) => doubles.find((known) => known.name === name)?.double.url ?? '';
  const config = loadConfig('poller', pollerConfigSchema, {
    CACHE_FILE: file,
    CACHE_TTL_MINUTES: String(TTL_MINUTES),
    POLL_INTERVAL_MINUTES: '30',
    ZONES: ZONES.join(','),
    GRID_PROVIDERS: doubles.map(({ name }) => name).join(','),
    GRID_TIMEOUT_SECONDS: '0.8',
    ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
    ELECTRICITY_MAPS_URL: url('electricity-maps'),
    ELECTRICITY_MAPS_REQUESTS_PER_HOUR: String(BUDGET),
    UK_CARBON_INTENSITY_URL: url('uk-carbon-intensity'),
    UK_CARBON_INTENSITY_REQUESTS_PER_HOUR: String(BUDGET),
    ENERGY_CHARTS_URL: url('energy-charts'),
    ENERGY_CHARTS_REQUESTS_PER_HOUR: String(BUDGET),
  });
  let storeAway = false;
  const flaky = {
    record: (rows: Parameters<WritableStore['record']>[0]) =>
      storeAway ? Promise.reject(new Error('the store is away')) : store.record(rows),
  };
  let cycles: PollCycles = await startPollCycles(config, clock, { store: flaky });
  let costly = 0;
  const endsAt = new Map<GridService, number>();
  return async (round: number): Promise<void> => {
    storeAway = random() < 0.05;
    for (const { double } of doubles) {
      if ((endsAt.get(double) ?? 0) <= round) double.faults.clear();
      if (double.faults.size > 0 || random() > 0.06) continue;
      const fault = FAULTS[Math.floor(random() * FAULTS.length)] as Fault;
      // An answer for another place that does not say so cannot be told from a good one.
      if (fault === 'wrong-zone' || (COSTLY.includes(fault) && ++costly > MOST_COSTLY)) continue;
      double.faults.set('*', fault);
      const longest = random() < 0.1 ? 100 : 6;
      endsAt.set(double, round + 1 + (COSTLY.includes(fault) ? 0 : Math.floor(random() * longest)));
    }
    // A restart forgets what the store has not taken; nothing was pending when it is there.
    if (!storeAway && round % 250 === 249) cycles = await startPollCycles(config, clock, { store: flaky });
    await cycles.poll();
    cycles.log.lines.length = 0;
    checkDocument(file, clock.now());
    await clock.advance(START + (round + 1) * ROUND_MS - clock.now());
  };
}

/** Whatever the document shows is true, fresh enough, and said by the provider that it names. */
function checkDocument(file: string, now: number): void {
  const read = decodeCarbonCache(readFileSync(file, 'utf8'));
  if ('kind' in read) throw new Error(read.reason);
  if (now - read.writtenAt > TTL_MINUTES * 60_000) return;
  for (const [code, region] of read.regions) {
    const value = truth[region.provider]?.(placeOf[region.provider]?.(code) ?? '', region.datetime) ?? Number.NaN;
    expect(region.carbonIntensity - value).toBeOneOf([0, 4, 6]);
    expect(read.writtenAt - region.fetchedAt).toBeLessThanOrEqual(TTL_MINUTES * 60_000);
  }
}

/** Zone and hour of every good answer about the present that a double gave. */
function deliveries(name: string, double: GridService): string[] {
  const latest = /carbon-intensity\/latest|^\/intensity$|^\/co2eq\?country=\w+$/;
  const good = double.requests.filter(({ path, fault }) => fault === undefined && latest.test(path));
  return good.flatMap(({ at, place }) => {
    const code = (place ?? '').toUpperCase() as Zone;
    // Energy-Charts is a quarter hour behind, but for the first of the (Central European) day, for which it only has its forecast.
    const behind = name === 'energy-charts' && (at + HOUR_MS) % (24 * HOUR_MS) >= 15 * 60_000;
    const time = behind ? at - 15 * 60_000 : at;
    return hourOf(time) < START ? [] : [`${code} ${hourOf(time)}`];
  });
}

function mostInAnHour(double: GridService): number {
  const times = double.requests.map(({ at }) => at);
  let most = 0;
  let first = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - HOUR_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Mebibytes in use after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
