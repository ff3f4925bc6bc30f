import { type EpochMs, HOUR_MS, hourOf, joules } from '../../grid/units.ts';
import type {
  Container,
  ContainerFilter,
  ContainerSpan,
  EnergyTotal,
  EnergyTotalsRequest,
  HourlyEnergy,
  HourTotal,
  PodLabels,
  PowerReader,
  PowerSample,
  PowerTotals,
  SamplePosition,
  TimeRange,
} from '../../records/power.ts';
import { CONTAINER_NAMES, containerNames, storedContainer } from '../../records/power-facts.ts';
import { blockOf } from '../blocks.ts';
import { type CheckedBlob, isIntact } from './checksum.ts';
import type { SqliteDatabase } from './database.ts';
import { decodeEnergy, type SeriesEnergy } from './energy-codec.ts';
import { energyTotalsOf, hourTotalsOf } from './energy-totals.ts';
import { HourEnergy } from './hour-energy.ts';
import { lastBlocks } from './last-blocks.ts';
import {
  groupsOfWaiting,
  hoursWithin,
  type Measured,
  merged,
  packedChunks,
  type SqliteSeries,
  seriesMatching,
  unpacked,
  waitingSamples,
} from './samples.ts';
import { decodeTick } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';
import { Timelines } from './timelines.ts';

/** Chunks that are fetched at a time while samples stream out, which bounds the memory of an export. */
const CHUNKS_AT_A_TIME = 500;

/** Reads container energy from SQLite; empty while there is no database yet. */
export class SqlitePowerReader implements PowerReader {
  readonly #source: () => SqliteDatabase | undefined;
  /** Number of the series of every container that was given out. */
  readonly #numbers = new WeakMap<Container, number>();

  constructor(source: () => SqliteDatabase | undefined) {
    this.#source = source;
  }

  async containers(filter: ContainerFilter = {}): Promise<ContainerSpan[]> {
    const database = this.#source();
    return (
      database?.read(() => {
        const last = new Map<number, EpochMs>();
        eachTickSample(database, (series, _start, end) => last.set(series, Math.max(end, last.get(series) ?? 0)));
        return seriesMatching(database, filter).map((series) => {
          const container = storedContainer(series);
          this.#numbers.set(container, series.id);
          return { container, first: series.first, last: Math.max(series.last, last.get(series.id) ?? 0) };
        });
      }) ?? []
    );
  }

  async *samples(
    filter: ContainerFilter,
    range: TimeRange,
    after?: SamplePosition,
  ): AsyncIterable<readonly PowerSample[]> {
    const database = this.#source();
    if (database === undefined) return;
    const all = seriesMatching(database, filter);
    const matching = after === undefined ? all : all.filter((series) => !isBefore(series, after));
    for (const group of database.read(() => groupsOfWaiting(database, matching, range))) {
      // Once for a group: each batch would have to go through all ticks again.
      const waiting = database.read(() => waitingSamples(database, new Set(group.map(({ id }) => id)), range));
      const hours = hoursWithin(database, range);
      const atATime = Math.max(1, Math.floor(CHUNKS_AT_A_TIME / Math.max(1, hours.length)));
      for (let from = 0; from < group.length; from += atATime)
        yield* seriesSamples(database, group.slice(from, from + atATime), { range, hours, waiting });
    }
  }

  async lastBlocks(filter: ContainerFilter, blocks: number): Promise<PowerSample[]> {
    const database = this.#source();
    if (database === undefined) return [];
    return database.read(() => {
      const matching = seriesMatching(database, filter);
      const found = lastBlocks(database, matching, blocks);
      return matching.flatMap((series) => samplesOf(storedContainer(series), found.get(series.id) ?? []));
    });
  }

  async *hourly(filter: ContainerFilter, range: TimeRange): AsyncIterable<HourlyEnergy> {
    const database = this.#source();
    if (database === undefined || range.to <= range.from) return;
    const { matching, hours } = database.read(() => ({
      matching: new Map(seriesMatching(database, filter).map((series) => [series.id, storedContainer(series)])),
      hours: hoursOf(database, range),
    }));
    for (const [hour, energies] of hours) {
      for (const [series, { millijoules, coveredMs }] of energies) {
        const container = matching.get(series);
        if (container !== undefined)
          yield { container, hour, joules: joules(millijoules / 1000), coveredMs: Math.min(coveredMs, HOUR_MS) };
      }
    }
  }

  async energyTotals(request: EnergyTotalsRequest): Promise<EnergyTotal[]> {
    const database = this.#source();
    const [first, last] = [request.pieces[0], request.pieces.at(-1)];
    if (database === undefined || first === undefined || last === undefined || last.to <= first.from) return [];
    const classOf = this.#classesOf(request.members);
    return database.read(() => energyTotalsOf(request, classOf, hoursOf(database, { from: first.from, to: last.to })));
  }

  async hourTotals(members: EnergyTotalsRequest['members'], range: TimeRange): Promise<HourTotal[]> {
    const database = this.#source();
    if (database === undefined || range.to <= range.from) return [];
    const classOf = this.#classesOf(members);
    return database.read(() => hourTotalsOf(classOf, hoursOf(database, range)));
  }

  #classesOf(members: EnergyTotalsRequest['members']): ReadonlyMap<number, number> {
    return new Map(
      members.map(([container, classAt]) => {
        const id = this.#numbers.get(container);
        if (id === undefined) throw new Error('energy can only be added up of containers that the store has given');
        return [id, classAt];
      }),
    );
  }

  async podLabels(): Promise<readonly PodLabels[] | undefined> {
    const rows = this.#source()?.all<{ namespace: string; pod: string; labels: string }>(
      'SELECT namespace, pod, labels FROM pod_labels',
    );
    if (rows === undefined || rows.length === 0) return undefined;
    return rows.map((row) => ({ ...row, labels: JSON.parse(row.labels) as Record<string, string> }));
  }

  async totals(): Promise<PowerTotals> {
    const database = this.#source();
    if (database === undefined) return { containers: 0, blocks: 0, currentBlocks: 0, lastMeasurement: undefined };
    return database.read(() => totalsOf(database));
  }
}

interface WantedSamples {
  readonly range: TimeRange;
  readonly hours: readonly EpochMs[];
  /** Samples that were not folded when the query began, by series; given out and removed. */
  readonly waiting: Map<number, Measured[]>;
}

/** Samples of few series, or of one over a long time in parts. */
function* seriesSamples(
  database: SqliteDatabase,
  batch: readonly SqliteSeries[],
  { range, hours, waiting }: WantedSamples,
): Generator<readonly PowerSample[]> {
  const atATime = Math.max(1, Math.floor(CHUNKS_AT_A_TIME / batch.length));
  for (let at = 0; at === 0 || at < hours.length; at += atATime) {
    const part = hours.slice(at, at + atATime);
    const isLast = at + atATime >= hours.length;
    const packed = database.read(() => {
      const timelines = new Timelines(database);
      return batch.map((series) => packedChunks(timelines, series, part, range));
    });
    const partEnd = isLast ? Infinity : (hours[at + atATime] as EpochMs);
    for (const [index, series] of batch.entries()) {
      const container = storedContainer(series);
      const loose = takeUntil(waiting, series.id, partEnd);
      const samples = merged(unpacked(container, packed[index] ?? [], range), loose && samplesOf(container, loose));
      if (samples.length > 0) yield samples;
    }
  }
}

/** Takes the waiting samples of a series that end by a time; those that remain are left for later parts. */
function takeUntil(waiting: Map<number, Measured[]>, series: number, time: EpochMs): Measured[] | undefined {
  const all = waiting.get(series);
  if (all === undefined) return undefined;
  const later = all.filter(({ end }) => end > time);
  if (later.length > 0) waiting.set(series, later);
  else waiting.delete(series);
  return later.length > 0 ? all.filter(({ end }) => end <= time) : all;
}

/** Hours of a range in order, each with the energy of every series that has any; an hour is read when its turn has come. */
function hoursOf(database: SqliteDatabase, range: TimeRange): Iterable<readonly [EpochMs, Map<number, SeriesEnergy>]> {
  const [open, folded] = [openHours(database, range), foldedHours(database, range)];
  const within = [...new Set([...folded, ...open.keys()])].filter(
    (hour) => hour >= hourOf(range.from) && hour < range.to,
  );
  return within
    .sort((a, b) => a - b)
    .values()
    .map((hour) => [hour, open.get(hour) ?? energyOf(database, hour)] as const);
}

/** Hours of a range that the rollup has. */
function foldedHours(database: SqliteDatabase, { from, to }: TimeRange): EpochMs[] {
  const sql = 'SELECT hour FROM energy WHERE hour >= ? AND hour < ?';
  return database.all<{ hour: number }>(sql, hourOf(from), to).map(({ hour }) => hour);
}

/**
 * Hours that ticks still wait to be folded into, with what the rollup has of them already. All of them are read at one
 * time: a tick that is folded while the answer is on its way would else count twice.
 */
function openHours(database: SqliteDatabase, { from, to }: TimeRange): Map<EpochMs, Map<number, SeriesEnergy>> {
  const waiting = new HourEnergy();
  for (const { t, v } of ticksWhere(database, 't > ? AND first < ?', from, to))
    decodeTick(t, v, (series, start, end, millijoules) => waiting.sample(series, start, end, millijoules));
  for (const hour of waiting.hours.keys())
    for (const [series, { millijoules, coveredMs }] of energyOf(database, hour))
      waiting.add(hour, series, millijoules, coveredMs);
  return waiting.hours;
}

function energyOf(database: SqliteDatabase, hour: EpochMs): Map<number, SeriesEnergy> {
  const energies = new Map<number, SeriesEnergy>();
  const row = database.get<CheckedBlob>('SELECT v, crc FROM energy WHERE hour = ?', hour);
  if (row !== undefined && isIntact(database, row, hour))
    decodeEnergy(row.v, (series, millijoules, coveredMs) => energies.set(series, { millijoules, coveredMs }));
  return energies;
}

function totalsOf(database: SqliteDatabase): PowerTotals {
  const folded = database.get<{ blocks: number | null }>('SELECT sum(blocks) AS blocks FROM hour')?.blocks ?? 0;
  const series = database.get<{ count: number; last: number | null }>(
    'SELECT count(DISTINCT json_array(namespace, pod, container, node)) AS count, max(last) AS last FROM series',
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
  const scraped = database.get<{ at: number | null }>('SELECT max(scraped) AS at FROM target')?.at ?? undefined;
  return { containers: series?.count ?? 0, blocks, currentBlocks, lastMeasurement, lastScrape: scraped };
}

function eachTickSample(
  database: SqliteDatabase,
  take: (series: number, start: EpochMs, end: EpochMs, millijoules: number) => void,
): void {
  for (const { t, v } of ticksWhere(database, 'TRUE')) decodeTick(t, v, take);
}

function samplesOf(container: Container, measured: readonly Measured[]): PowerSample[] {
  return measured.map(({ start, end, millijoules }) => ({ container, start, end, joules: joules(millijoules / 1000) }));
}

/** Whether a series comes before a container in the order in which samples are given. */
function isBefore(series: SqliteSeries, { container }: SamplePosition): boolean {
  const names = containerNames(container);
  for (const field of CONTAINER_NAMES) if (series[field] !== names[field]) return series[field] < names[field];
  return false;
}
