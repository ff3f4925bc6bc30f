import { HOUR_MS } from '../../grid/units.ts';
import type { HourTotal, TimeRange } from '../../records/power.ts';
import type { TimescaleDatabase } from './database.ts';
import { withFoldedDays } from './day-cuts.ts';
import { HOURS_OF_DAY } from './folded-days.ts';
import { type Member, type SeriesMember, wholeGroups } from './series-groups.ts';

interface HoursRow extends Readonly<Record<string, unknown>> {
  readonly class_at: number;
  /** Start of the first of its hours, in milliseconds since 1970. */
  readonly start: number;
  /** Millijoules of consecutive hours. */
  readonly energy: readonly number[];
}

const MEMBER = 'member AS (SELECT * FROM unnest($1::integer[], $2::integer[]) AS given (id, class_at))';
const start = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8 AS start`;

const OF_HOURS = `WITH ${MEMBER}
SELECT class_at, ${start('hour')}, ARRAY[sum(millijoules::float8)] AS energy
FROM power_hour JOIN member ON member.id = series_id WHERE hour >= $3 AND hour < $4 GROUP BY class_at, hour`;

const ofDays = (table: string, id: string) => `WITH ${MEMBER}
SELECT class_at, ${start('day')}, ARRAY[${HOURS_OF_DAY.map((hour) => `sum(e${hour})`).join(', ')}] AS energy
FROM ${table} JOIN member ON member.id = ${id} WHERE day = ANY($3::timestamptz[]) GROUP BY class_at, day`;

const OF_SERIES_DAYS = ofDays('power_day', 'series_id');
const OF_GROUP_DAYS = ofDays('power_group_day', 'group_id');

/** Adds up energy by class and hour in the database: folded days by day, what is left by hour. An hour of a class may come several times. */
export async function timescaleHourTotals(
  database: TimescaleDatabase,
  members: readonly SeriesMember[],
  range: TimeRange,
): Promise<HourTotal[]> {
  if (members.length === 0) return [];
  return withFoldedDays(database, [range], async (connection, { days, spans }) => {
    const rows: HoursRow[] = [];
    const add = async (statement: string, of: readonly (Member | SeriesMember)[], ...times: unknown[]) => {
      const columns = [of.map(([id]) => id), of.map(([, classAt]) => classAt)];
      if (of.length > 0) rows.push(...(await connection.query<HoursRow>(statement, [...columns, ...times])).rows);
    };
    if (days.length > 0) {
      const { groups, series } = await wholeGroups(connection, members);
      const starts = days.map(({ from }) => new Date(from));
      await add(OF_GROUP_DAYS, groups, starts);
      await add(OF_SERIES_DAYS, series, starts);
    }
    for (const span of spans) {
      const [first, last] = [span[0], span.at(-1)];
      if (first !== undefined && last !== undefined)
        await add(OF_HOURS, members, new Date(first.from), new Date(last.to));
    }
    return rows.flatMap(({ class_at: classAt, start, energy }) =>
      energy.map((millijoules, at) => ({ classAt, hour: start + at * HOUR_MS, millijoules })),
    );
  });
}
