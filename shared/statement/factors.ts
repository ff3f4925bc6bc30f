import type { RowOf } from './rows.ts';
import type { StatementFigures } from './statement.ts';

type Factor = StatementFigures['factors'][number];

/** Emission factors that were used, by zone and source. */
export class FactorSums {
  readonly #sums = new Map<
    string,
    { first: RowOf<'factor'>; hours: number; total: number; min: number; max: number; qualities: Set<string> }
  >();

  /** Adds the factor of a zone and hour. */
  add(row: RowOf<'factor'>): void {
    const key = `${row.zone}\0${row.source}`;
    const sum = this.#sums.get(key) ?? { first: row, hours: 0, total: 0, min: Infinity, max: 0, qualities: new Set() };
    this.#sums.set(key, sum);
    sum.hours += 1;
    sum.total += row.g_per_kwh;
    sum.min = Math.min(sum.min, row.g_per_kwh);
    sum.max = Math.max(sum.max, row.g_per_kwh);
    sum.qualities.add(row.quality);
  }

  /** The factors in the order of zones and sources; means are over hours, not weighted with energy. */
  list(): Factor[] {
    return [...this.#sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { first, hours, total, min, max, qualities }]) => ({
        ...{ zone: first.zone, source: first.source, hours, mean_g_per_kwh: total / hours },
        ...{ min_g_per_kwh: min, max_g_per_kwh: max, qualities: [...qualities].sort() },
      }));
  }
}
