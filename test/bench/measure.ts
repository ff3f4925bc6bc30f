/** One thing to be timed: each run is one operation, awaited. */
export type Operation = () => Promise<unknown> | unknown;

/** Quantiles of one operation's durations in microseconds. */
export interface Timing {
  readonly p50: number;
  readonly p99: number;
}

/** A line of a bench's table: what was timed, and beside which floor of the same run. */
export interface Comparison {
  readonly name: string;
  readonly ours: Timing;
  readonly floor: Timing;
}

/**
 * Times two operations by turns in one run, so that whatever else the machine does hits both alike. The order within a
 * turn is drawn: a fixed one falls into step with the garbage collector of the client.
 */
export async function compare(
  name: string,
  operations: { ours: Operation; floor: Operation },
  { rounds, warmUp }: { rounds: number; warmUp: number },
): Promise<Comparison> {
  const took = { ours: [] as number[], floor: [] as number[] };
  const time = async (which: 'ours' | 'floor', keep: boolean) => {
    const start = performance.now();
    await operations[which]();
    if (keep) took[which].push((performance.now() - start) * 1_000);
  };
  for (let round = -warmUp; round < rounds; round++) {
    const order = Math.random() < 0.5 ? (['ours', 'floor'] as const) : (['floor', 'ours'] as const);
    for (const which of order) await time(which, round >= 0);
  }
  return { name, ours: timing(took.ours), floor: timing(took.floor) };
}

/** Times one operation once: for what takes seconds. */
export async function once(operation: Operation): Promise<Timing> {
  const start = performance.now();
  await operation();
  return timing([(performance.now() - start) * 1_000]);
}

/** Quantiles of durations in microseconds. */
export function timing(durations: number[]): Timing {
  const sorted = durations.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Prints comparisons as a table of ratios, ours / floor, with the microseconds behind them. */
export function printComparisons(comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ name, ours, floor }) => [
    name,
    {
      'p50 ratio': (ours.p50 / floor.p50).toFixed(2),
      'p99 ratio': (ours.p99 / floor.p99).toFixed(2),
      'ours p50': ours.p50.toFixed(0),
      'floor p50': floor.p50.toFixed(0),
      'ours p99': ours.p99.toFixed(0),
      'floor p99': floor.p99.toFixed(0),
    },
  ]);
  console.log('ours / floor, both from this run (µs)');
  console.table(Object.fromEntries(rows));
}
