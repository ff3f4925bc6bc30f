import type { NodeTime, TimeRange } from '../../records/power.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { withFoldedDays } from './day-cuts.ts';
import type { PieceRange } from './energy-prices.ts';

const PIECES =
  'piece AS (SELECT * FROM unnest($1::timestamptz[], $2::timestamptz[], $3::integer[]) AS given (first, past, piece_at))';

const OF_DAYS = `WITH ${PIECES}
SELECT node, piece_at AS "pieceAt", sum(covered_ms)::float8 AS "coveredMs"
FROM power_node_day JOIN piece ON day = first GROUP BY node, piece_at`;

const OF_HOURS = `WITH ${PIECES}
SELECT node, piece_at AS "pieceAt", sum(covered_ms)::float8 AS "coveredMs" FROM (
  SELECT node, hour, max(covered_ms) AS covered_ms FROM power_hour JOIN power_series ON id = series_id
  WHERE hour >= $4 AND hour < $5 GROUP BY node, hour
) AS hours JOIN piece ON hour >= first AND hour < past GROUP BY node, piece_at`;

/** For how long the power of each node is known, by piece: folded days by day, what is left by hour. */
export function timescaleNodeTimes(database: TimescaleDatabase, pieces: readonly TimeRange[]): Promise<NodeTime[]> {
  return withFoldedDays(database, pieces, async (connection, { days, spans }) => {
    const times = days.length === 0 ? [] : await rowsOf(connection, OF_DAYS, days);
    for (const span of spans) {
      const [first, last] = [span[0], span.at(-1)];
      if (first === undefined || last === undefined) continue;
      times.push(...(await rowsOf(connection, OF_HOURS, span, [new Date(first.from), new Date(last.to)])));
    }
    return times;
  });
}

async function rowsOf(
  connection: Connection,
  statement: string,
  parts: readonly PieceRange[],
  more: readonly Date[] = [],
): Promise<NodeTime[]> {
  const columns = [
    parts.map(({ from }) => new Date(from)),
    parts.map(({ to }) => new Date(to)),
    parts.map(({ pieceAt }) => pieceAt),
  ];
  return (await connection.query<NodeTime & Record<string, unknown>>(statement, [...columns, ...more])).rows;
}
