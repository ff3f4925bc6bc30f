/** Quantile of ascending values at a share (0 to 1), linear between neighbours (type 7 of Hyndman and Fan, R's default); NaN of none. */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  const position = share * (ascending.length - 1);
  const lower = Math.floor(position);
  const from = ascending[lower] ?? Number.NaN;
  const to = ascending[Math.min(lower + 1, ascending.length - 1)] ?? Number.NaN;
  return from + (position - lower) * (to - from);
}

/** Quantile of values in any order; see {@link quantile}. The values are not changed. */
export function quantileOf(values: Iterable<number>, share: number): number {
  return quantile(Float64Array.from(values).sort(), share);
}
