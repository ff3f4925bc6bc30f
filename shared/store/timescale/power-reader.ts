import { type EpochMs, hourOf, joules } from '../../grid/units.ts';
import type {
  Container,
  ContainerFilter,
  ContainerSpan,
  EnergyTotal,
  EnergyTotalsRequest,
  HourlyEnergy,
  HourTotal,
  NodeTime,
  PodLabels,
  PowerReader,
  PowerSample,
  PowerTotals,
  SamplePosition,
  TimeRange,
} from '../../records/power.ts';
import { containerNames, storedContainer } from '../../records/power-facts.ts';
import type { TimescaleDatabase } from './database.ts';
import { timescaleEnergyTotals } from './energy-totals.ts';
import { timescaleHourTotals } from './hour-totals.ts';
import { batchesOf, isBefore, type MatchingSeries, seriesMatching } from './matching-series.ts';
import { timescaleNodeTimes } from './node-times.ts';
import { groupKey, type SeriesMember } from './series-groups.ts';

/** Samples fetched at a time while they stream out: it bounds the memory of an export. */
const SAMPLES_AT_A_TIME = 20_000;
/** Rows of the rollup fetched at a time. */
const HOURS_AT_A_TIME = 20_000;

const MILLIS = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

interface SampleRow {
  readonly series_id: number;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly millijoules: number;
}

const SAMPLE = `series_id, ${MILLIS('start_time')} AS start_ms, ${MILLIS('end_time')} AS end_ms, millijoules::float8 AS millijoules`;

/** The start of the oldest of a series' last $2 minutes that have samples, found in the rollup's bits. */
const LAST_MINUTES = `
SELECT ${SAMPLE} FROM unnest($1::integer[]) AS wanted
CROSS JOIN LATERAL (
  SELECT min(minute) AS since FROM (
    SELECT hour + n * INTERVAL '1 minute' AS minute FROM (
      SELECT hour, minutes FROM power_hour WHERE series_id = wanted AND minutes <> 0 ORDER BY hour DESC LIMIT $2
    ) AS hours CROSS JOIN generate_series(0, 59) AS n
    WHERE (minutes >> n) & 1 = 1 ORDER BY minute DESC LIMIT $2
  ) AS newest
) AS block
CROSS JOIN LATERAL (
  SELECT * FROM power_sample WHERE series_id = wanted AND end_time > since ORDER BY end_time
) AS sample
WHERE end_time > (SELECT forgotten_before FROM power_horizon) ORDER BY series_id, end_time`;

const TOTALS = `
WITH newest AS (
  SELECT max(last_end) AS last_end FROM power_hour WHERE hour = (SELECT max(hour) FROM power_hour)
), minute AS (
  SELECT date_bin('1 hour', last_end - INTERVAL '1 millisecond', TIMESTAMPTZ 'epoch') AS hour,
    floor(extract(epoch FROM last_end - INTERVAL '1 millisecond') / 60)::bigint % 60 AS minute FROM newest
)
SELECT (SELECT count(DISTINCT (namespace, pod, container, node)) FROM power_series)::float8 AS containers,
  (coalesce((SELECT sum(blocks) FROM power_closed_hour), 0) + coalesce((
    SELECT sum(bit_count(minutes::bit(64))) FROM power_hour AS open
    WHERE NOT EXISTS (SELECT FROM power_closed_hour AS closed WHERE closed.hour = open.hour)), 0))::float8 AS blocks,
  (SELECT count(*) FROM power_hour JOIN minute USING (hour) WHERE (minutes >> minute::integer) & 1 = 1)::float8 AS current,
  (SELECT ${MILLIS('last_end')} FROM newest) AS last,
  (SELECT ${MILLIS('max(scraped_at)')} FROM power_target) AS scraped`;

/** Reads container energy from PostgreSQL. */
export class TimescalePowerReader implements PowerReader {
  readonly #database: TimescaleDatabase;
  /** Numbers of the containers that were given out. */
  readonly #numbers = new WeakMap<Container, number>();

  constructor(database: TimescaleDatabase) {
    this.#database = database;
  }

  async containers(filter: ContainerFilter = {}): Promise<ContainerSpan[]> {
    const matching = await seriesMatching(this.#database, filter);
    const spans = await this.#database.query<{ id: number; first: number; last: number }>(
      `SELECT id, ${MILLIS('greatest(first_start, forgotten_before)')} AS first, ${MILLIS('last_end')} AS last
       FROM power_horizon, unnest($1::integer[]) AS id
       CROSS JOIN LATERAL (SELECT first_start FROM power_hour WHERE series_id = id AND minutes <> 0 ORDER BY hour LIMIT 1) AS oldest
       CROSS JOIN LATERAL (SELECT last_end FROM power_hour WHERE series_id = id AND minutes <> 0 ORDER BY hour DESC LIMIT 1) AS newest`,
      [matching.map(({ id }) => id)],
    );
    const byId = new Map(spans.map((span) => [span.id, span]));
    return matching.flatMap((series) => {
      const span = byId.get(series.id);
      if (span === undefined) return [];
      const container = storedContainer(series);
      this.#numbers.set(container, series.id);
      return [{ container, first: span.first, last: span.last }];
    });
  }

  async *samples(
    filter: ContainerFilter,
    range: TimeRange,
    after?: SamplePosition,
  ): AsyncIterable<readonly PowerSample[]> {
    const all = await seriesMatching(this.#database, filter);
    const matching = after === undefined ? all : all.filter((series) => !isBefore(series, after));
    for await (const { series, part } of batchesOf(this.#database, matching, range, SAMPLES_AT_A_TIME)) {
      const rows = await this.#database.query<SampleRow>(
        `SELECT ${SAMPLE} FROM power_sample WHERE series_id = ANY($1::integer[])
         AND end_time > greatest($2::timestamptz, (SELECT forgotten_before FROM power_horizon)) AND end_time <= $3
         AND start_time < $4 ORDER BY series_id, end_time`,
        [series.map(({ id }) => id), new Date(part.from), new Date(part.to), new Date(range.to)],
      );
      yield* inOrder(series, rows);
    }
  }

  async lastBlocks(filter: ContainerFilter, blocks: number): Promise<PowerSample[]> {
    const matching = await seriesMatching(this.#database, filter);
    const rows = await this.#database.query<SampleRow>(LAST_MINUTES, [matching.map(({ id }) => id), blocks]);
    return [...inOrder(matching, rows)].flat();
  }

  async *hourly(filter: ContainerFilter, range: TimeRange): AsyncIterable<HourlyEnergy> {
    if (range.to <= range.from) return;
    const matching = await seriesMatching(this.#database, filter);
    const hours = Math.ceil((range.to - hourOf(range.from)) / 3_600_000);
    const atATime = Math.max(1, Math.floor(HOURS_AT_A_TIME / Math.min(hours, HOURS_AT_A_TIME)));
    for (let next = 0; next < matching.length; next += atATime) {
      const batch = new Map(matching.slice(next, next + atATime).map((series) => [series.id, storedContainer(series)]));
      const rows = await this.#database.query<{ id: number; hour: number; energy: number; covered: number }>(
        `SELECT series_id AS id, ${MILLIS('hour')} AS hour, millijoules::float8 AS energy, covered_ms AS covered
         FROM power_hour WHERE series_id = ANY($1::integer[]) AND hour >= $2 AND hour < $3 ORDER BY series_id, hour`,
        [[...batch.keys()], new Date(hourOf(range.from)), new Date(range.to)],
      );
      for (const { id, hour, energy, covered } of rows)
        yield { container: batch.get(id) as Container, hour, joules: joules(energy / 1000), coveredMs: covered };
    }
  }

  /** Of containers that {@link containers} gave, by the object itself. */
  energyTotals(request: EnergyTotalsRequest): Promise<EnergyTotal[]> {
    // The list after all others is that of containers without prices.
    const listOf = (classAt: number) => request.classes[classAt] ?? request.prices.length;
    return timescaleEnergyTotals(this.#database, this.#seriesOf(request.members, listOf), request);
  }

  /** Likewise. */
  hourTotals(members: EnergyTotalsRequest['members'], hours: TimeRange): Promise<HourTotal[]> {
    return timescaleHourTotals(
      this.#database,
      this.#seriesOf(members, () => 0),
      hours,
    );
  }

  #seriesOf(members: EnergyTotalsRequest['members'], listOf: (classAt: number) => number): SeriesMember[] {
    return members.map(([container, classAt]) => {
      const id = this.#numbers.get(container);
      if (id === undefined) throw new Error('energy can only be added up of containers that the store has given');
      return [id, classAt, listOf(classAt), groupKey(containerNames(container))];
    });
  }

  nodeTimes(pieces: readonly TimeRange[]): Promise<NodeTime[]> {
    return timescaleNodeTimes(this.#database, pieces);
  }

  async totals(): Promise<PowerTotals> {
    const [row] = await this.#database.query<TotalsRow>(TOTALS);
    const { containers = 0, blocks = 0, current = 0, last, scraped } = row ?? {};
    const totals = { containers, blocks, currentBlocks: current, lastMeasurement: last ?? undefined };
    return scraped == null ? totals : { ...totals, lastScrape: scraped };
  }

  async podLabels(): Promise<readonly PodLabels[] | undefined> {
    const rows = await this.#database.query<PodLabels & Record<string, unknown>>(
      'SELECT namespace, pod, labels FROM pod_labels ORDER BY namespace COLLATE "C", pod COLLATE "C"',
    );
    return rows.length === 0 ? undefined : rows;
  }
}

interface TotalsRow {
  readonly containers: number;
  readonly blocks: number;
  readonly current: number;
  readonly last: EpochMs | null;
  readonly scraped: EpochMs | null;
}

/** Rows as samples of one series each, in the order of their series' names. */
function* inOrder(series: readonly MatchingSeries[], rows: readonly SampleRow[]): Generator<PowerSample[]> {
  const byId = new Map<number, SampleRow[]>();
  for (const row of rows) {
    const known = byId.get(row.series_id);
    if (known === undefined) byId.set(row.series_id, [row]);
    else known.push(row);
  }
  for (const one of series) {
    const own = byId.get(one.id);
    if (own === undefined) continue;
    const container = storedContainer(one);
    yield own.map(({ start_ms, end_ms, millijoules }) => ({
      container,
      start: start_ms,
      end: end_ms,
      joules: joules(millijoules / 1000),
    }));
  }
}
