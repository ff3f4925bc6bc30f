/** What {@link cheapestPieces} chooses from. All lengths are whole steps of one size. */
export interface PieceSearch {
  /** Cost of each step from the present one up to the deadline; NaN where it is not known, and nothing may run then. */
  readonly costs: Float64Array;
  /** Steps to run in total when that many pieces are chosen, counted from 0 pieces; a restart needs more. */
  readonly stepsFor: (pieces: number) => number;
  /** Most pieces. */
  readonly mostPieces: number;
  /** Least steps of a piece; a piece of all that is left may be shorter. */
  readonly leastSteps: number;
  /** Steps that a piece which is already running has to go on; undefined when nothing runs. It does not count as another piece. */
  readonly runningLeast?: number;
}

/** Chosen pieces as `[first step, end)` with the sum of their costs. */
export interface FoundPieces {
  readonly pieces: readonly (readonly [first: number, end: number])[];
  /** Pieces that begin after a pause or a first start; a running one that goes on is not among them. */
  readonly begun: number;
  readonly steps: number;
  readonly cost: number;
}

/** Stands for the cost of an unknown step in sums: far more than all known ones together. */
const UNKNOWN = 1e12;

/**
 * For each number of pieces that begin anew, the cheapest way to run what is needed before the costs end; absent where
 * there is none. Exact: dynamic programming over pieces left, steps left, time, and whether it runs.
 */
export function cheapestPieces(search: PieceSearch): readonly FoundPieces[] {
  const { costs, mostPieces, stepsFor, runningLeast } = search;
  const most = stepsFor(mostPieces);
  const table = tableOf(search, most);
  const found: FoundPieces[] = [];
  for (let begun = 0; begun <= mostPieces; begun++) {
    const steps = stepsFor(begun);
    const longest = runningLeast === undefined ? 0 : Math.min(steps, costs.length);
    let best: FoundPieces | undefined;
    for (let first = Math.min(runningLeast ?? 0, longest); first <= longest; first++) {
      const rest =
        begun === 0
          ? first === steps
            ? 0
            : Number.POSITIVE_INFINITY
          : table.cost(begun, steps - first, first === 0 ? 0 : first + 1);
      const cost = table.sum(0, first) + rest;
      if (!(cost < (best?.cost ?? Number.POSITIVE_INFINITY))) continue;
      const later = begun === 0 ? [] : table.pieces(begun, steps - first, first === 0 ? 0 : first + 1);
      best = { pieces: first > 0 ? [[0, first], ...later] : later, begun, steps, cost };
    }
    if (best && best.cost < UNKNOWN) found.push(best);
  }
  return found;
}

interface Table {
  /** Least cost of running so many steps in exactly so many pieces from a time on. */
  cost(pieces: number, steps: number, from: number): number;
  pieces(pieces: number, steps: number, from: number): [number, number][];
  /** Cost of the steps `[from, to)`. */
  sum(from: number, to: number): number;
}

/** Least costs and choices by pieces left to begin, steps left, and time: while nothing runs, and while a piece runs that may end. */
interface Entries {
  readonly idle: Float64Array;
  readonly going: Float64Array;
  /** Whether a piece starts, and whether a running one goes on. */
  readonly starts: Uint8Array;
  readonly goesOn: Uint8Array;
  at(pieces: number, steps: number, time: number): number;
}

function tableOf(search: PieceSearch, mostSteps: number): Table {
  const times = search.costs.length;
  const sums = sumsOf(search.costs);
  const least = Math.max(1, Math.min(search.leastSteps, search.stepsFor(0)));
  const entries = emptyEntries(search.mostPieces, mostSteps, times);
  const { idle, starts, goesOn, at } = entries;
  for (let pieces = 0; pieces <= search.mostPieces; pieces++)
    for (let steps = 0; steps <= mostSteps; steps++) fillTimes(entries, { pieces, steps, least, sums });
  return {
    sum: (from, to) => (sums[to] as number) - (sums[from] as number),
    cost: (pieces, steps, from) => (steps < 0 ? Number.POSITIVE_INFINITY : (idle[at(pieces, steps, from)] as number)),
    pieces(pieces, steps, from) {
      const found: [number, number][] = [];
      let [left, time] = [steps, from];
      for (let count = pieces; count > 0; count--) {
        while (time < times && starts[at(count, left, time)] === 0) time++;
        const first = time;
        const run = count === 1 ? left : least;
        [left, time] = [left - run, time + run];
        while (count > 1 && goesOn[at(count - 1, left, time)] === 1) [left, time] = [left - 1, time + 1];
        found.push([first, time]);
        time++;
      }
      return found;
    },
  };
}

function emptyEntries(mostPieces: number, mostSteps: number, times: number): Entries {
  const size = (mostPieces + 1) * (mostSteps + 1) * (times + 1);
  return {
    idle: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
    going: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
    starts: new Uint8Array(size),
    goesOn: new Uint8Array(size),
    at: (pieces, steps, time) => (pieces * (mostSteps + 1) + steps) * (times + 1) + Math.min(time, times),
  };
}

/** Which entries are filled, from what. */
interface Filling {
  readonly pieces: number;
  readonly steps: number;
  /** Least steps of a piece. */
  readonly least: number;
  readonly sums: Float64Array;
}

/** Fills the entries of all times for so many pieces and steps from those of fewer. */
function fillTimes({ idle, going, starts, goesOn, at }: Entries, { pieces, steps, least, sums }: Filling): void {
  const times = sums.length - 1;
  const here = at(pieces, steps, 0);
  if (pieces === 0) {
    // The last piece runs to the end of the work.
    if (steps === 0) idle.fill(0, here, here + times + 1);
    for (let time = 0; time + steps <= times; time++)
      going[here + time] = (sums[time + steps] as number) - (sums[time] as number);
    return;
  }
  const first = pieces === 1 ? Math.max(steps, least) : least;
  const begun = first <= steps ? at(pieces - 1, steps - first, 0) : -1;
  const shorter = steps > 0 ? at(pieces, steps - 1, 0) : -1;
  let waited = Number.POSITIVE_INFINITY;
  for (let time = times; time >= 0; time--) {
    const sum = sums[time] as number;
    let started = Number.POSITIVE_INFINITY;
    if (begun >= 0 && time + first <= times)
      started = (sums[time + first] as number) - sum + (going[begun + time + first] as number);
    let on = Number.POSITIVE_INFINITY;
    if (shorter >= 0 && time < times) on = (sums[time + 1] as number) - sum + (going[shorter + time + 1] as number);
    // At equal cost the earlier start and the longer run: what is done is done.
    if (started <= waited && started < Number.POSITIVE_INFINITY) starts[here + time] = 1;
    if (on <= waited) goesOn[here + time] = 1;
    going[here + time] = Math.min(on, waited);
    waited = Math.min(started, waited);
    idle[here + time] = waited;
  }
}

/** Running sums of the costs: entry k is the sum of the first k. */
function sumsOf(costs: Float64Array): Float64Array {
  const sums = new Float64Array(costs.length + 1);
  for (const [step, cost] of costs.entries())
    sums[step + 1] = (sums[step] as number) + (Number.isNaN(cost) ? UNKNOWN : cost);
  return sums;
}
