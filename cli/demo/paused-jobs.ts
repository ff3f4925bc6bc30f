import { type Piece, planPieces } from '../../shared/deferral/pieces.ts';
import type { Trace } from '../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { hoursAhead } from './demo-trace.ts';
import { DEMO_PAUSABLE_JOBS, DEMO_PAUSE, DEMO_ZONES, type DemoJob } from './demo-world.ts';

/** A run of a pausable job that is paused now. */
export interface PausedRun {
  readonly job: DemoJob & { readonly zone: Zone };
  readonly arrivedAt: EpochMs;
  /** Pieces that ran, oldest first; one at least. */
  readonly ran: readonly Piece[];
  readonly resumesAt: EpochMs;
  /** Expected share (0 to 1) of the grams of running through. */
  readonly saving: number;
}

/** Paused runs at the start of the demo. */
const PAUSED = 2;
/** Hours since its arrival that are tried for a run; those of the second list only where the first have none. */
const ARRIVED_HOURS_AGO = [
  [4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24],
  [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 26, 28, 30],
];

/**
 * Runs that arrived in the last day and are paused in the present hour, planned with the product's own rules on the trace
 * that the demo replays; the same ones for every time within an hour.
 */
export function pausedRuns(trace: Trace, now: EpochMs): PausedRun[] {
  const found: PausedRun[] = [];
  for (const hoursAgo of ARRIVED_HOURS_AGO)
    for (const job of DEMO_PAUSABLE_JOBS)
      for (const zone of DEMO_ZONES) {
        if (found.length >= PAUSED || (found.length > 0 && hoursAgo !== ARRIVED_HOURS_AGO[0])) return found;
        if (found.some((run) => run.job.zone === zone)) continue;
        const run = firstPaused(trace, { ...job, zone }, hoursAgo, hourOf(now));
        if (run !== undefined) found.push(run);
      }
  return found;
}

function firstPaused(trace: Trace, job: PausedRun['job'], hoursAgo: readonly number[], hour: EpochMs) {
  for (const hours of hoursAgo) {
    const run = pausedRun(trace, job, hour - hours * HOUR_MS, hour);
    if (run !== undefined) return run;
  }
  return undefined;
}

function pausedRun(trace: Trace, job: PausedRun['job'], arrivedAt: EpochMs, hour: EpochMs): PausedRun | undefined {
  const { zone, hours: remainingHours, maxDelayHours = 0 } = job;
  const length = remainingHours + maxDelayHours;
  const planned = planPieces({
    ...{ now: arrivedAt, deadline: arrivedAt + length * HOUR_MS, remainingHours, state: { kind: 'waiting' } },
    limits: { minRunHours: DEMO_PAUSE.minRunMinutes / 60, restartCostHours: DEMO_PAUSE.restartSeconds / 3600 },
    candidates: [{ zone, forecast: hoursAhead(trace, zone, arrivedAt, length + 1) }],
  });
  if (!('pieces' in planned)) return undefined;
  const ran = planned.pieces.filter(({ end }) => end <= hour);
  const next = planned.pieces[ran.length];
  // It is paused for the whole of the present hour.
  if (ran.length === 0 || next === undefined || next.start < hour + HOUR_MS) return undefined;
  return { job, arrivedAt, ran, resumesAt: next.start, saving: planned.saving };
}
