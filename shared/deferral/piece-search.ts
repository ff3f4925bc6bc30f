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
  /** Steps that a piece which is already running has to go on; undefined when nothing runs. It is no further piece. */
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
 * there is none. Exact: dynamic programming over pieces left, steps left and time.
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

function tableOf({ costs, mostPieces, leastSteps, stepsFor }: PieceSearch, mostSteps: number): Table {
  const least = Math.min(leastSteps, stepsFor(0));
  const times = costs.length + 2;
  const sums = new Float64Array(costs.length + 1);
  for (const [step, cost] of costs.entries())
    sums[step + 1] = (sums[step] as number) + (Number.isNaN(cost) ? UNKNOWN : cost);
  const sum = (from: number, to: number): number => (to === from ? 0 : (sums[to] as number) - (sums[from] as number));
  const at = (pieces: number, steps: number, time: number): number =>
    (pieces * (mostSteps + 1) + steps) * times + Math.min(time, times - 1);
  const cost = new Float64Array((mostPieces + 1) * (mostSteps + 1) * times).fill(Number.POSITIVE_INFINITY);
  const length = new Int16Array(cost.length);
  for (let time = 0; time < times; time++) cost[at(0, 0, time)] = 0;
  for (let pieces = 1; pieces <= mostPieces; pieces++) {
    for (let steps = 1; steps <= mostSteps; steps++) {
      const shortest = pieces === 1 ? Math.max(steps, least) : least;
      for (let time = costs.length - 1; time >= 0; time--) {
        let [lowest, chosen] = [cost[at(pieces, steps, time + 1)] as number, 0];
        for (let run = shortest; run <= steps && time + run <= costs.length; run++) {
          const total = sum(time, time + run) + (cost[at(pieces - 1, steps - run, time + run + 1)] as number);
          // At equal cost the earlier start: what is done is done.
          if (total <= lowest && total < Number.POSITIVE_INFINITY) [lowest, chosen] = [total, run];
        }
        cost[at(pieces, steps, time)] = lowest;
        length[at(pieces, steps, time)] = chosen;
      }
    }
  }
  return {
    sum,
    cost: (pieces, steps, from) => (steps < 0 ? Number.POSITIVE_INFINITY : (cost[at(pieces, steps, from)] as number)),
    pieces(pieces, steps, from) {
      const found: [number, number][] = [];
      let [left, time] = [steps, from];
      for (let count = pieces; count > 0; count--) {
        while (time < costs.length && length[at(count, left, time)] === 0) time++;
        const run = length[at(count, left, time)] as number;
        found.push([time, time + run]);
        left -= run;
        time += run + 1;
      }
      return found;
    },
  };
}
