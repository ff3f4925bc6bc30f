import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { cheapestPieces, type FoundPieces } from './piece-search.ts';
import { type Candidate, windowMean } from './plan.ts';

/** What a pause costs and how often it may happen. */
export interface PauseLimits {
  /** Shortest time between a start and the next pause, in hours; default 1. */
  readonly minRunHours?: number;
  /** Work that is lost and done again at each restart, in hours; default 2 minutes. It counts as energy and as time. */
  readonly restartCostHours?: number;
  /** How often the work may be paused; default 4. */
  readonly maxInterruptions?: number;
}

/** The defaults of {@link PauseLimits}. */
export const DEFAULT_PAUSE_LIMITS: Required<PauseLimits> = {
  minRunHours: 1,
  restartCostHours: 1 / 30,
  maxInterruptions: 4,
};

/** Work that may pause, and where it is now. Its power while it runs is taken as constant. */
export interface PiecesRequest {
  readonly now: EpochMs;
  /** When the work must be complete. */
  readonly deadline: EpochMs;
  /** Work that is left, in hours of running, without restarts. */
  readonly remainingHours: number;
  readonly candidates: readonly Candidate[];
  readonly limits?: PauseLimits;
  /** `waiting`: never started; `running` since a time; `paused`: ran before. */
  readonly state:
    | { readonly kind: 'waiting' }
    | { readonly kind: 'running'; readonly since: EpochMs; readonly zone?: Zone }
    | { readonly kind: 'paused' };
  /** Pauses so far, the present one included; default 0. */
  readonly interruptions?: number;
}

/** Times in which the work runs: `[start, end)`. */
export interface Piece {
  readonly start: EpochMs;
  readonly end: EpochMs;
}

/**
 * What to do now, and until when. `saving` is the expected share (0 to 1) of the grams of running through from now on.
 * `run` until the end of the first piece, `pause` until the start of the next one.
 */
export type PiecesPlan =
  | {
      readonly kind: 'run';
      readonly reason: 'cleanest' | 'no-slack' | 'gain-too-small';
      readonly until: EpochMs;
      readonly zone: Zone;
      readonly pieces: readonly Piece[];
      readonly saving: number;
    }
  | {
      readonly kind: 'pause';
      readonly until: EpochMs;
      readonly zone: Zone;
      readonly pieces: readonly Piece[];
      readonly saving: number;
    }
  | { readonly kind: 'run'; readonly reason: 'no-forecast' };

/** Running work is not paused for a smaller share of its grams: a pause disturbs. */
const PAUSE_MARGIN = 0.005;

/** Steps that a plan is made of: fine for short work, coarse for long. */
const STEPS_MINUTES = [15, 30, 60] as const;
/** Table entries that a search may take: about a millisecond. */
const MOST_WORK = 1e5;

/**
 * Plans the cleanest pieces of work that may pause. The deadline is kept: when no more than a step of slack is left, the
 * work runs through. Without a forecast that reaches from now over the rest of the work it runs, too.
 */
export function planPieces(request: PiecesRequest): PiecesPlan {
  const limits = { ...DEFAULT_PAUSE_LIMITS, ...request.limits };
  const { now, deadline, remainingHours, state } = request;
  const through = remainingHours + (state.kind === 'paused' ? limits.restartCostHours : 0);
  const mostPieces = piecesLeft(request, limits);
  const stepHours = stepOf(request, mostPieces);
  const slackHours = (deadline - now) / HOUR_MS - through;
  let best: PiecesPlan | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidatesOf(request)) {
    const atOnce = windowMean(candidate.forecast, now, through * HOUR_MS);
    if (atOnce === undefined) continue;
    const runThrough = { start: now, end: now + through * HOUR_MS };
    const planned =
      slackHours < stepHours
        ? {
            kind: 'run' as const,
            reason: 'no-slack' as const,
            zone: candidate.zone,
            until: runThrough.end,
            pieces: [runThrough],
            saving: 0,
            grams: atOnce * through,
          }
        : searched(request, candidate, limits, mostPieces, stepHours, atOnce * through);
    if (planned.grams >= least) continue;
    least = planned.grams;
    const { grams: _grams, ...rest } = planned;
    best = rest;
  }
  return best ?? { kind: 'run', reason: 'no-forecast' };
}

/** A running job goes on where it runs; others may start in any of their zones. */
function candidatesOf({ candidates, state }: PiecesRequest): readonly Candidate[] {
  const zone = state.kind === 'running' ? state.zone : undefined;
  return zone === undefined ? candidates : candidates.filter((candidate) => candidate.zone === zone);
}

/** Pieces that may still begin. */
function piecesLeft(
  { state, interruptions = 0, remainingHours }: PiecesRequest,
  limits: Required<PauseLimits>,
): number {
  const pauses = Math.max(0, limits.maxInterruptions - interruptions);
  const useful = Math.max(0, Math.ceil(remainingHours / Math.max(limits.minRunHours, 1 / 4)) - 1);
  const more = Math.min(pauses, useful, 8);
  return state.kind === 'running' ? Math.min(pauses, more + 1) : more + 1;
}

function stepOf({ now, deadline, remainingHours }: PiecesRequest, mostPieces: number): number {
  for (const minutes of STEPS_MINUTES) {
    const steps = (remainingHours * 60) / minutes;
    const times = (deadline - now) / (minutes * 60_000);
    if (mostPieces * times * steps <= MOST_WORK) return minutes / 60;
  }
  return 1;
}

function searched(
  request: PiecesRequest,
  { zone, forecast }: Candidate,
  limits: Required<PauseLimits>,
  mostPieces: number,
  stepHours: number,
  gramsThrough: number,
) {
  const { now, state, remainingHours } = request;
  const hoursFor = (begun: number): number => {
    const restarts = state.kind === 'waiting' ? Math.max(0, begun - 1) : begun;
    return remainingHours + limits.restartCostHours * restarts;
  };
  const found = cheapestPieces({
    costs: costsOf(forecast, now, request.deadline, stepHours),
    stepsFor: (begun) => Math.ceil(hoursFor(begun) / stepHours - 1e-9),
    mostPieces,
    leastSteps: Math.max(1, Math.ceil(limits.minRunHours / stepHours - 1e-9)),
    ...(state.kind === 'running' && {
      runningLeast: Math.max(0, Math.ceil((limits.minRunHours - (now - state.since) / HOUR_MS) / stepHours - 1e-9)),
    }),
  });
  const gramsOf = ({ cost, steps, begun }: FoundPieces) => (cost / steps) * hoursFor(begun);
  const options = found.filter(({ begun }) => begun > 0 || state.kind === 'running');
  const best = options.reduce<FoundPieces | undefined>((a, b) => (a && gramsOf(a) <= gramsOf(b) ? a : b), undefined);
  const through = { start: now, end: now + hoursFor(state.kind === 'paused' ? 1 : 0) * HOUR_MS };
  const saving = best ? (gramsThrough - gramsOf(best)) / Math.abs(gramsThrough) : 0;
  if (!best || !(saving > (state.kind === 'running' ? PAUSE_MARGIN : 0)))
    return {
      ...{ kind: 'run' as const, reason: saving > 0 ? ('gain-too-small' as const) : ('cleanest' as const), zone },
      ...{ until: through.end, pieces: [through], saving: 0, grams: gramsThrough },
    };
  const stepMs = stepHours * HOUR_MS;
  const pieces = best.pieces.map(([first, end]) => ({ start: now + first * stepMs, end: now + end * stepMs }));
  const [next] = pieces as [Piece, ...Piece[]];
  const common = { zone, pieces, saving, grams: gramsOf(best) };
  return next.start > now
    ? { kind: 'pause' as const, until: next.start, ...common }
    : { kind: 'run' as const, reason: 'cleanest' as const, until: next.end, ...common };
}

/** Mean intensity of each step from now to the deadline; NaN where the forecast does not know it. */
function costsOf(forecast: readonly ForecastPoint[], now: EpochMs, deadline: EpochMs, stepHours: number): Float64Array {
  const steps = Math.floor((deadline - now) / (stepHours * HOUR_MS) + 1e-9);
  const known = Math.max(0, Math.ceil(((forecast.at(-1)?.datetime ?? 0) + HOUR_MS - now) / (stepHours * HOUR_MS)));
  return Float64Array.from(
    { length: Math.min(steps, known) },
    (_, step) => windowMean(forecast, now + step * stepHours * HOUR_MS, stepHours * HOUR_MS) ?? Number.NaN,
  );
}
