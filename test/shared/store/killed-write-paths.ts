// A program of write-paths.kill.test.ts: PATH FOLDER. Waits for a line, then writes by one path until it is killed, and
// says what is kept; `at` comes just before the step that kills are to hit.
import { once } from 'node:events';
import { join } from 'node:path';
import type { CachedRegion } from '../../../shared/grid/carbon-cache.ts';
import { gramsPerKwh, joules } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import type { PowerTick, WritableStore } from '../../../shared/records/power.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { capturedLog } from '../../captured-log.ts';

/** Ticks of ten minutes: six make an hour. */
export const TICK_MS = 600_000;
/** Zones of the cache that is written. */
export const CACHE_ZONES = ['DE', 'FR', 'GB', 'PL'].map(zone);
/** Ticks that retention keeps, at least. */
export const KEPT_TICKS = 12;

/** Tick n: n joules for each of three containers over the n-th ten minutes. */
function tickNumber(n: number): PowerTick {
  const times = { start: n * TICK_MS, end: (n + 1) * TICK_MS };
  const samples = ['p1', 'p2', 'p3'].map((pod) => ({
    container: { namespace: 'a', pod, container: 'c', node: '' },
    ...times,
    joules: joules(n),
  }));
  return { target: 't', samples };
}

// Each writer loads only what it needs, before it is ready: a kill is mostly the start of the next one.
const sqlite = () => import('../../../shared/store/sqlite/store.ts');
const spool = () => import('../../../shared/store/spool/spool.ts');
const cacheWriter = () => import('../../../poller/grid/cache-writer.ts');

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Appends ticks from the last stored one on; after each sixth a further step follows. */
async function writeStore(folder: string, step: (store: WritableStore, n: number) => Promise<void>) {
  say('opening 0');
  const { openSqliteStore } = await sqlite();
  const { history: store } = openSqliteStore(folder, { clock: systemClock, logger: capturedLog() });
  const { lastMeasurement } = await store.totals();
  for (let n = lastMeasurement === undefined ? 1 : lastMeasurement / TICK_MS; ; n += 1) {
    await store.append(tickNumber(n));
    say(`kept ${n}`);
    if (n % 6 === 5) await step(store, n);
  }
}

async function writeSpool(folder: string): Promise<void> {
  const { Spool } = await spool();
  using waiting = new Spool({ folder, maxBytes: 50_000_000, clock: systemClock });
  const numberOf = (entry: unknown) => Math.round((entry as { tick: PowerTick }).tick.samples[0]?.joules ?? Number.NaN);
  const last = waiting.next(1_000).at(-1);
  let n = last === undefined ? Date.now() % 1e9 : numberOf(last.entry) + 1;
  for (; ; n += 1) {
    say('at 0');
    await waiting.push({ kind: 'power', tick: tickNumber(n) });
    say(`kept ${n}`);
    if (n % 4 !== 0) continue;
    const delivered = waiting.next(3);
    for (const { entry } of delivered) say(`delivered ${numberOf(entry)}`);
    waiting.remove(delivered.at(-1)?.id ?? 0);
  }
}

async function writeCache(folder: string): Promise<void> {
  const { openCacheWriter } = await cacheWriter();
  const named = CACHE_ZONES.map((each) => ({ name: each, zone: each }));
  const file = join(folder, 'cache.json');
  const writer = await openCacheWriter({ file, ttlMinutes: 60, named, clock: systemClock });
  for (let n = 1; ; n += 1) {
    const now = Date.now();
    const region = (each: Zone): CachedRegion => ({
      ...{ zone: each, carbonIntensity: gramsPerKwh(n % 1_000), provider: 'test', datetime: now, fetchedAt: now },
      ...{ updatedAt: now, createdAt: now, emissionFactorType: 'lifecycle', isEstimated: false },
      ...{ estimationMethod: null, signal: 'average', quality: 'measured' },
    });
    await writer.write(CACHE_ZONES.map(region));
    say(`kept ${n}`);
  }
}

const PATHS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  append: (folder) =>
    writeStore(folder, async () => {
      say('at 0');
    }),
  fold: (folder) =>
    writeStore(folder, async (store, n) => {
      say('at 0');
      await store.compact((n + 1) * TICK_MS);
    }),
  retention: (folder) =>
    writeStore(folder, async (store, n) => {
      await store.compact((n + 1) * TICK_MS);
      say('at 0');
      await store.forgetBefore((n + 1 - KEPT_TICKS) * TICK_MS);
    }),
  'set-aside': (folder) => writeStore(folder, async () => undefined),
  spool: writeSpool,
  cache: writeCache,
};

if (import.meta.main) {
  const [path = '', folder = ''] = process.argv.slice(2);
  await (path === 'spool' ? spool() : path === 'cache' ? cacheWriter() : sqlite());
  say('ready 0');
  await once(process.stdin, 'data');
  await PATHS[path]?.(folder);
}
