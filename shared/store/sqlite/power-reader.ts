import { type EpochMs, HOUR_MS, hourOf, joules } from '../../units.ts';
import { blockOf, splitByHour } from '../blocks.ts';
import type {
  Container,
  ContainerFilter,
  ContainerSpan,
  HourlyEnergy,
  PowerReader,
  PowerSample,
  PowerTotals,
  TimeRange,
} from '../ports.ts';
import type { Database } from './database.ts';
import { lastBlocks } from './last-blocks.ts';
import { type Series, samplesOf, seriesMatching } from './samples.ts';
import { decodeTick } from './tick-codec.ts';

/** Chunks that are unpacked at a time while samples stream out, which bounds the memory of an export. */
const CHUNKS_AT_A_TIME = 2_000;
/** Hours of the rollup that are read at a time. */
const HOURS_AT_A_TIME = 6;

/** Reads container energy from SQLite; empty while there is no database yet. */
export class SqlitePowerReader implements PowerReader {
  readonly #source: () => Database | undefined;

  constructor(source: () => Database | undefined) {
    this.#source = source;
  }

  async containers(filter: ContainerFilter = {}): Promise<ContainerSpan[]> {
    const database = this.#source();
    return (
      database?.read(() => {
        const last = new Map<number, EpochMs>();
        eachTickSample(database, (series, _start, end) => last.set(series, Math.max(end, last.get(series) ?? 0)));
        return seriesMatching(database, filter).map((series) => ({
          container: containerOf(series),
          first: series.first,
          last: Math.max(series.last, last.get(series.id) ?? 0),
        }));
      }) ?? []
    );
  }

  async *samples(filter: ContainerFilter, range: TimeRange): AsyncIterable<PowerSample> {
    const database = this.#source();
    if (database === undefined) return;
    const matching = seriesMatching(database, filter);
    const hours = Math.max(1, Math.ceil((range.to - range.from) / HOUR_MS));
    const atATime = Math.max(1, Math.floor(CHUNKS_AT_A_TIME / hours));
    for (let from = 0; from < matching.length; from += atATime) {
      const batch = matching.slice(from, from + atATime);
      const found = database.read(() => samplesOf(database, batch, range));
      for (const series of batch) {
        const container = containerOf(series);
        for (const { start, end, millijoules } of found.get(series.id) ?? [])
          yield { container, start, end, joules: joules(millijoules / 1000) };
      }
    }
  }

  async lastBlocks(filter: ContainerFilter, blocks: number): Promise<PowerSample[]> {
    const database = this.#source();
    if (database === undefined) return [];
    return database.read(() => {
      const matching = seriesMatching(database, filter);
      const found = lastBlocks(database, matching, blocks);
      return matching.flatMap((series) => {
        const container = containerOf(series);
        return (found.get(series.id) ?? []).map(({ start, end, millijoules }) => ({
          container,
          start,
          end,
          joules: joules(millijoules / 1000),
        }));
      });
    });
  }

  async *hourly(filter: ContainerFilter, range: TimeRange): AsyncIterable<HourlyEnergy> {
    const database = this.#source();
    if (database === undefined || range.to <= range.from) return;
    const matching = new Map(seriesMatching(database, filter).map((series) => [series.id, containerOf(series)]));
    const oldest = database.get<{ hour: number | null }>('SELECT min(hour) AS hour FROM rollup')?.hour;
    const oldestTick = database.get<{ first: number | null }>('SELECT min(first) AS first FROM tick')?.first;
    const known = Math.min(oldest ?? Infinity, oldestTick == null ? Infinity : hourOf(oldestTick));
    for (let from = Math.max(hourOf(range.from), known); from < range.to; from += HOURS_AT_A_TIME * HOUR_MS) {
      const to = Math.min(range.to, from + HOURS_AT_A_TIME * HOUR_MS);
      if (!anyAfter(database, from)) return;
      yield* database.read(() => hoursOf(database, matching, from, to));
    }
  }

  async totals(): Promise<PowerTotals> {
    const database = this.#source();
    if (database === undefined) return { containers: 0, blocks: 0, currentBlocks: 0, lastMeasurement: undefined };
    return database.read(() => totalsOf(database));
  }
}

function anyAfter(database: Database, hour: EpochMs): boolean {
  const sql = 'SELECT 1 FROM rollup WHERE hour >= ?1 UNION ALL SELECT 1 FROM tick WHERE t > ?1 LIMIT 1';
  return database.get(sql, hour) !== undefined;
}

function hoursOf(database: Database, matching: ReadonlyMap<number, Container>, from: EpochMs, to: EpochMs) {
  const sums = new Map<string, { container: Container; hour: EpochMs; millijoules: number; coveredMs: number }>();
  const add = (series: number, hour: EpochMs, millijoules: number, ms: number) => {
    const container = matching.get(series);
    if (container === undefined || hour < from || hour >= to) return;
    const sum = sums.get(`${hour} ${series}`);
    if (sum === undefined) sums.set(`${hour} ${series}`, { container, hour, millijoules, coveredMs: ms });
    else {
      sum.millijoules += millijoules;
      sum.coveredMs += ms;
    }
  };
  const rows = database.each<{ hour: number; series: number; millijoules: number; covered_ms: number }>(
    'SELECT hour, series, millijoules, covered_ms FROM rollup WHERE hour >= ? AND hour < ?',
    from,
    to,
  );
  for (const row of rows) add(row.series, row.hour, row.millijoules, row.covered_ms);
  eachTickSample(database, (series, start, end, millijoules) => {
    if (matching.has(series)) splitByHour(start, end, millijoules, (hour, share, ms) => add(series, hour, share, ms));
  });
  return [...sums.values()].map(({ container, hour, millijoules, coveredMs }): HourlyEnergy => {
    return { container, hour, joules: joules(millijoules / 1000), coveredMs: Math.min(coveredMs, HOUR_MS) };
  });
}

function totalsOf(database: Database): PowerTotals {
  const folded = database.get<{ blocks: number | null }>('SELECT sum(blocks) AS blocks FROM hour')?.blocks ?? 0;
  const series = database.get<{ count: number; last: number | null }>(
    'SELECT count(*) AS count, max(last) AS last FROM series',
  );
  const minutes = new Map<number, Set<number>>();
  eachTickSample(database, (id, _start, end) => {
    const block = blockOf(end);
    const seen = minutes.get(block);
    if (seen === undefined) minutes.set(block, new Set([id]));
    else seen.add(id);
  });
  let blocks = folded;
  for (const seen of minutes.values()) blocks += seen.size;
  const newestTick = database.get<{ t: number | null }>('SELECT max(t) AS t FROM tick')?.t ?? undefined;
  const lastMeasurement = Math.max(newestTick ?? 0, series?.last ?? 0) || undefined;
  // Once the newest minute is folded nothing is being measured any more.
  const currentBlocks = newestTick === undefined ? 0 : (minutes.get(blockOf(newestTick))?.size ?? 0);
  return { containers: series?.count ?? 0, blocks, currentBlocks, lastMeasurement };
}

function eachTickSample(
  database: Database,
  take: (series: number, start: EpochMs, end: EpochMs, millijoules: number) => void,
): void {
  for (const { t, v } of database.each<{ t: number; v: Uint8Array }>('SELECT t, v FROM tick')) decodeTick(t, v, take);
}

function containerOf({ namespace, pod, container, node }: Series): Container {
  return { namespace, pod, container, node };
}
