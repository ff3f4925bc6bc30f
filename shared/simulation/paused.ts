import {
  DEFAULT_PAUSE_LIMITS,
  type PauseLimits,
  type Piece,
  type PiecesRequest,
  planPieces,
} from '../deferral/pieces.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { mayRunIn, runNow } from './baselines.ts';
import { latestStart, type SimulatedJob } from './jobs.ts';
import type { Policy } from './policy.ts';
import type { World } from './world.ts';

/** Hours that count as nothing left. */
const DONE_HOURS = 1e-6;

/** What the controller does with work that may pause: it plans pieces, and looks again every hour. */
export function inPieces(world: World, limits: PauseLimits = {}): Policy {
  const now = runNow(world);
  return (job) => {
    const progress = startOf(job, { ...DEFAULT_PAUSE_LIMITS, ...limits });
    while (progress.remainingHours > DONE_HOURS) step(world, job, progress);
    const [first] = progress.pieces;
    if (first === undefined) return now(job);
    const zone = progress.zone ?? now(job)?.zone;
    return zone && { start: first.start, zone, pieces: progress.pieces };
  };
}

interface Progress {
  time: EpochMs;
  remainingHours: number;
  state: PiecesRequest['state'];
  interruptions: number;
  zone: Zone | undefined;
  readonly limits: Required<PauseLimits>;
  readonly pieces: Piece[];
}

function startOf(job: SimulatedJob, limits: Required<PauseLimits>): Progress {
  return {
    ...{ time: job.arrival, remainingHours: job.durationHours, state: { kind: 'waiting' }, interruptions: 0 },
    ...{ zone: undefined, limits, pieces: [] },
  };
}

/** One hour, or less where the plan changes or the work is done before. */
function step(world: World, job: SimulatedJob, progress: Progress): void {
  const { time, state, limits } = progress;
  const planned = planPieces({
    now: time,
    deadline: latestStart(job) + job.durationHours * HOUR_MS,
    remainingHours: progress.remainingHours,
    // Once begun, the work stays in its zone: the trace prices all pieces of a job there.
    candidates: world
      .forecast(time)
      .filter(({ zone }) => (progress.zone === undefined ? mayRunIn(job, zone) : zone === progress.zone)),
    limits,
    state,
    interruptions: progress.interruptions,
  });
  const next = hourOf(time) + HOUR_MS;
  if (planned.kind === 'pause') {
    if (state.kind === 'running') progress.interruptions += 1;
    if (state.kind === 'running') progress.state = { kind: 'paused' };
    progress.time = Math.min(next, planned.until);
    return;
  }
  if ('zone' in planned) progress.zone ??= planned.zone;
  if (state.kind === 'paused') progress.remainingHours += limits.restartCostHours;
  const end = Math.min(next, 'until' in planned ? planned.until : next, time + progress.remainingHours * HOUR_MS);
  if (state.kind !== 'running') progress.state = { kind: 'running', since: time };
  const last = progress.pieces.at(-1);
  if (last?.end === time) progress.pieces[progress.pieces.length - 1] = { start: last.start, end };
  else progress.pieces.push({ start: time, end });
  progress.remainingHours -= (end - time) / HOUR_MS;
  progress.time = end;
}
