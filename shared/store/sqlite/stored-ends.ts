import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { TimeRange } from '../../records/power.ts';
import type { SqliteDatabase } from './database.ts';
import { withoutOverlaps } from './overlaps.ts';
import { bySeries, type StoredSample } from './tick-codec.ts';

/**
 * Up to when the time of each series may be taken, so that a tick of newer samples, as nearly all are, need not be
 * compared with stored ones: each would be compared with those of all other targets. Bounds may be too late, never too
 * early: what other processes insert is noticed by its count.
 */
export class StoredEnds {
  readonly #ends = new Map<number, EpochMs>();
  /** Bound of all series that this process has not written to since. */
  #others: EpochMs = -Infinity;
  /** Ticks that were inserted ever, when the bounds were right. */
  #inserts = -1;

  /** See {@link withoutOverlaps}; by ascending series. Call it within the transaction that adds the tick. */
  withoutOverlaps(
    database: SqliteDatabase,
    samples: readonly StoredSample[],
    range: TimeRange,
  ): readonly StoredSample[] {
    this.#refresh(database);
    const sorted = bySeries(samples);
    let before: number | undefined;
    let isNewer = true;
    let isOneOfEach = true;
    for (const { series, start } of sorted) {
      isNewer &&= start >= (this.#ends.get(series) ?? this.#others);
      isOneOfEach &&= series !== before;
      before = series;
    }
    return isNewer && isOneOfEach ? sorted : withoutOverlaps(database, sorted, isNewer ? undefined : range);
  }

  /** Takes in the samples of a tick that was just inserted, whether or not its transaction will last. */
  inserted(samples: readonly StoredSample[]): void {
    this.#inserts += 1;
    for (const { series, end } of samples) {
      const known = this.#ends.get(series) ?? this.#others;
      if (end > known) this.#ends.set(series, end);
    }
  }

  /** Forgets all bounds: the numbers of series mean other ones now. */
  clear(): void {
    this.#inserts = -1;
  }

  #refresh(database: SqliteDatabase): void {
    const inserts = database.get<{ n: number }>('SELECT n FROM tick_inserts')?.n ?? -1;
    if (inserts === this.#inserts && inserts >= 0) return;
    const sql = `SELECT max(coalesce((SELECT max(t) FROM tick), 0), coalesce((SELECT max(hour) FROM hour) + ${HOUR_MS}, 0)) AS last`;
    this.#others = database.get<{ last: number }>(sql)?.last ?? Infinity;
    this.#ends.clear();
    this.#inserts = inserts;
  }
}
