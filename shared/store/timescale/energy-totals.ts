import { QUALITIES } from '../../grid/intensity.ts';
import type { EnergyTotal, EnergyTotalsRequest, TimeRange } from '../../records/power.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { withFoldedDays } from './day-cuts.ts';
import { dayPriceColumns, hourPriceColumns, type PieceRange } from './energy-prices.ts';
import { HOURS_OF_DAY } from './folded-days.ts';
import { type Member, type SeriesMember, wholeGroups } from './series-groups.ts';

interface TotalRow {
  readonly class_at: number;
  readonly piece_at: number;
  readonly energy: number;
  readonly covered: number;
  readonly priced: number;
  readonly weighted: number;
  readonly priced_ms: number;
  readonly worst: number | null;
}

const MEMBER =
  'member AS (SELECT * FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS given (id, class_at, list))';

/**
 * Adds hours of the rollup up by class and piece. `price` has a row for every hour and list of prices, without a value
 * where none is known. Sums of whole millijoules are exact in double precision up to 2^53, and faster than numeric ones.
 */
const OF_HOURS = `WITH ${MEMBER},
price AS (SELECT list, to_timestamp(hour) AS hour, piece_at, grams, quality
  FROM unnest($4::integer[], $5::bigint[], $6::integer[], $7::float8[], $8::integer[]) AS given (list, hour, piece_at, grams, quality))
SELECT class_at, piece_at, sum(energy) AS energy, sum(covered_ms)::float8 AS covered,
  coalesce(sum(energy) FILTER (WHERE grams IS NOT NULL), 0) AS priced,
  coalesce(sum(energy * grams), 0) AS weighted,
  coalesce(sum(covered_ms) FILTER (WHERE grams IS NOT NULL), 0)::float8 AS priced_ms, max(quality) AS worst
FROM (SELECT series_id, hour, millijoules::float8 AS energy, covered_ms FROM power_hour WHERE hour >= $9 AND hour < $10) AS used
JOIN member ON member.id = series_id
JOIN price ON price.list = member.list AND price.hour = used.hour
GROUP BY class_at, piece_at`;

const sumOf = (term: (hour: number) => string) => HOURS_OF_DAY.map(term).join(' + ');
/** The arrays after the first seven parameters: g0 to g23, 0 where unknown, and q0 to q23, null where unknown. */
const DAY_PRICES = ['g', 'q'].flatMap((letter) => HOURS_OF_DAY.map((hour) => `${letter}${hour}`));
const DAY_ARRAYS = DAY_PRICES.map((name, at) => `$${at + 8}::${name.startsWith('g') ? 'float8' : 'integer'}[]`);

/**
 * The same of folded days. `quality` of `price` is set where all hours of the day have a known intensity of one quality,
 * as most days have; then only the grams need its hours. OFFSET 0 keeps the planner, which knows nothing of the two lists, from
 * multiplying them with each other first.
 */
const ofDays = (table: string, id: string) => `WITH ${MEMBER},
price AS (SELECT *, to_timestamp(second) AS day FROM unnest($4::integer[], $5::bigint[], $6::integer[], $7::integer[],
    ${DAY_ARRAYS.join(', ')}) AS given (list, second, piece_at, quality, ${DAY_PRICES.join(', ')})),
part AS (
  SELECT class_at, piece_at, millijoules, covered_ms, ${sumOf((hour) => `e${hour} * g${hour}`)} AS weighted,
    CASE WHEN quality IS NOT NULL THEN millijoules ELSE ${sumOf((hour) => `CASE WHEN q${hour} IS NULL THEN 0 ELSE e${hour} END`)} END AS priced,
    CASE WHEN quality IS NOT NULL THEN covered_ms ELSE ${sumOf((hour) => `CASE WHEN q${hour} IS NULL THEN 0 ELSE c${hour} END`)} END AS priced_ms,
    CASE WHEN quality IS NOT NULL THEN quality
      ELSE greatest(${HOURS_OF_DAY.map((hour) => `CASE WHEN c${hour} > 0 THEN q${hour} END`).join(', ')}) END AS worst
  FROM (
    SELECT ${table}.*, class_at, list FROM ${table} JOIN member ON member.id = ${id}
    WHERE day >= $${DAY_PRICES.length + 8} AND day < $${DAY_PRICES.length + 9} OFFSET 0
  ) AS used
  JOIN price USING (list, day)
)
SELECT class_at, piece_at, sum(millijoules) AS energy, sum(covered_ms)::float8 AS covered, sum(priced) AS priced,
  sum(weighted) AS weighted, sum(priced_ms)::float8 AS priced_ms, max(worst) AS worst
FROM part GROUP BY class_at, piece_at`;

const OF_SERIES_DAYS = ofDays('power_day', 'series_id');
const OF_GROUP_DAYS = ofDays('power_group_day', 'group_id');

/** Adds up energy by class and piece in the database: folded days by day, what is left by hour. A class may come several times. */
export async function timescaleEnergyTotals(
  database: TimescaleDatabase,
  members: readonly SeriesMember[],
  request: EnergyTotalsRequest,
): Promise<EnergyTotal[]> {
  if (members.length === 0) return [];
  return withFoldedDays(database, request.pieces, async (connection, { days, spans }) => {
    const totals = await addedDays(connection, members, request.prices, days);
    for (const span of spans) {
      const values = [...columnsOf(members), ...hourPriceColumns(request.prices, span)];
      totals.push(...(await added(connection, OF_HOURS, values, span)));
    }
    return totals;
  });
}

/** Folded days: of whole groups where all of a group is of one class, otherwise of series. */
async function addedDays(
  connection: Connection,
  members: readonly SeriesMember[],
  prices: EnergyTotalsRequest['prices'],
  days: readonly PieceRange[],
): Promise<EnergyTotal[]> {
  if (days.length === 0) return [];
  const { groups, series } = await wholeGroups(connection, members);
  const priced = dayPriceColumns(prices, days);
  const totals: EnergyTotal[] = [];
  for (const [statement, of] of [
    [OF_GROUP_DAYS, groups],
    [OF_SERIES_DAYS, series],
  ] as const)
    if (of.length > 0) totals.push(...(await added(connection, statement, [...columnsOf(of), ...priced], days)));
  return totals;
}

function columnsOf(members: readonly (Member | SeriesMember)[]): number[][] {
  return ([0, 1, 2] as const).map((column) => members.map((member) => member[column]));
}

async function added(
  connection: Connection,
  statement: string,
  values: readonly unknown[],
  parts: readonly TimeRange[],
): Promise<EnergyTotal[]> {
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { rows } = await connection.query<TotalRow>(statement, [...values, new Date(first.from), new Date(last.to)]);
  return rows.map((row) => ({
    classAt: row.class_at,
    pieceAt: row.piece_at,
    millijoules: row.energy,
    coveredMs: row.covered,
    pricedMillijoules: row.priced,
    weightedMillijoules: row.weighted,
    pricedMs: row.priced_ms,
    worst: row.worst === null ? undefined : QUALITIES[row.worst],
  }));
}
