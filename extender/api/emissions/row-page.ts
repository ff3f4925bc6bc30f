/** What rows can be ordered by. */
export const ROW_ORDERS = ['name', 'grams', 'kwh', 'intensity', 'coverage'] as const;

/** Order of rows: one of {@link ROW_ORDERS}, descending with a leading minus. */
export type RowOrder = (typeof ROW_ORDERS)[number] | `-${(typeof ROW_ORDERS)[number]}`;

/** Totals of a row over the whole window; null where nothing is known. */
export interface RowTotals {
  readonly grams: number | null;
  readonly kwh: number | null;
  readonly intensity: number | null;
  readonly coverage: number | null;
}

/** Which rows a response contains. */
export interface RowPage {
  /** Names of the rows, in their order. */
  readonly names: readonly string[];
  /** Number of rows that match, on this page or not. */
  readonly total: number;
}

/** Selects a page of rows by name: those that match the search, ordered by their totals, unknown values last. */
export function rowPage(
  totals: ReadonlyMap<string, RowTotals>,
  options: {
    readonly search?: string | undefined;
    readonly sort: RowOrder;
    readonly limit?: number | undefined;
    readonly offset: number;
  },
): RowPage {
  const { search, sort, limit = Number.POSITIVE_INFINITY, offset } = options;
  const wanted = search?.toLowerCase();
  const matching = [...totals].filter(([name]) => wanted === undefined || name.toLowerCase().includes(wanted));
  const descending = sort.startsWith('-');
  const by = sort.replace('-', '') as (typeof ROW_ORDERS)[number];
  matching.sort(([a, x], [b, y]) => {
    if (by === 'name') return descending ? compare(b, a) : compare(a, b);
    const [left, right] = [x[by], y[by]];
    if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0) || compare(a, b);
    return (descending ? right - left : left - right) || compare(a, b);
  });
  return { names: matching.slice(offset, offset + limit).map(([name]) => name), total: matching.length };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
