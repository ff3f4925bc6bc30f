import type { TimeRange } from '../records/power.ts';
import type { SavedWorkload } from '../records/workloads.ts';

/** A record and the part of it that counts in a period, 0 < share ≤ 1. */
export interface CountedRecord {
  readonly record: SavedWorkload;
  readonly share: number;
}

/** The records of one service in one region that count in a period, and how much of the period they cover. */
export interface Attribution {
  readonly counted: readonly CountedRecord[];
  readonly coveredMs: number;
  /** Milliseconds that more than one record covers. */
  readonly overlapMs: number;
}

/**
 * Counts every moment once: where records of one service and region overlap, the one of the shortest period (of
 * equals, the one saved last) counts. A record that reaches beyond the period counts by the part within.
 */
export function attribute(records: readonly SavedWorkload[], period: TimeRange): Attribution {
  const counted = new Map<SavedWorkload, number>();
  let coveredMs = 0;
  let overlapMs = 0;
  const waiting = [...records].sort((a, b) => b.period_start - a.period_start);
  const edges = [...new Set([period.from, period.to, ...records.flatMap((r) => [r.period_start, r.period_end])])];
  const within = edges.filter((edge) => edge >= period.from && edge <= period.to).sort((a, b) => a - b);
  let active: SavedWorkload[] = [];
  for (const [index, from] of within.entries()) {
    const to = within[index + 1];
    if (to === undefined) break;
    for (let next = waiting.at(-1); next !== undefined && next.period_start <= from; next = waiting.at(-1)) {
      active.push(next);
      waiting.pop();
    }
    active = active.filter((record) => record.period_end > from);
    const finest = active.reduce<SavedWorkload | undefined>(
      (best, other) => (best && !finer(other, best) ? best : other),
      undefined,
    );
    if (finest === undefined) continue;
    counted.set(finest, (counted.get(finest) ?? 0) + to - from);
    coveredMs += to - from;
    if (active.length > 1) overlapMs += to - from;
  }
  return {
    counted: [...counted].map(([record, ms]) => ({ record, share: ms / lengthOf(record) })),
    coveredMs,
    overlapMs,
  };
}

function finer(a: SavedWorkload, b: SavedWorkload): boolean {
  return lengthOf(a) < lengthOf(b) || (lengthOf(a) === lengthOf(b) && a.updated_at > b.updated_at);
}

function lengthOf(record: SavedWorkload): number {
  return record.period_end - record.period_start;
}
