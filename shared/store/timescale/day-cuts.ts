import type { EpochMs } from '../../grid/units.ts';
import type { TimeRange } from '../../records/power.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import type { PieceRange } from './energy-prices.ts';
import { DAY_MS, foldedDays } from './folded-days.ts';

/** Pieces of time as they are read: folded days, and spans of hours between them. */
export interface DayCuts {
  readonly days: readonly PieceRange[];
  readonly spans: readonly (readonly PieceRange[])[];
}

/** Runs work in a transaction in which no day is folded or unfolded; nothing of no time. */
export async function withFoldedDays<Row>(
  database: TimescaleDatabase,
  pieces: readonly TimeRange[],
  work: (connection: Connection, cuts: DayCuts) => Promise<Row[]>,
): Promise<Row[]> {
  const whole = pieces.filter(({ from, to }) => from < to);
  const [first, last] = [whole[0], whole.at(-1)];
  if (first === undefined || last === undefined) return [];
  return database.transaction(async (connection) => {
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    // Compiling the statements would take longer than running them, and sums need no order, which sorting all rows would give.
    await connection.query('SET LOCAL jit = off; SET LOCAL enable_sort = off');
    return work(connection, cut(pieces, await foldedDays(connection, first.from, last.to)));
  });
}

/** Cuts pieces of time into folded days, and spans of what lies between them. */
function cut(pieces: readonly TimeRange[], folded: ReadonlySet<EpochMs>): DayCuts {
  const days: PieceRange[] = [];
  const spans: PieceRange[][] = [];
  let end: EpochMs | undefined;
  for (const [pieceAt, piece] of pieces.entries())
    for (let from = piece.from; from < piece.to; ) {
      const to = Math.min((Math.floor(from / DAY_MS) + 1) * DAY_MS, piece.to);
      if (folded.has(from) && to - from === DAY_MS) days.push({ from, to, pieceAt });
      else if (end === from) spans.at(-1)?.push({ from, to, pieceAt });
      else spans.push([{ from, to, pieceAt }]);
      if (!(folded.has(from) && to - from === DAY_MS)) end = to;
      from = to;
    }
  return { days, spans };
}
