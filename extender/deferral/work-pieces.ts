import { planPieces } from '../../shared/deferral/pieces.ts';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { isPausable } from './decide.ts';
import { completionDeadline, limitsOf, remainingHours } from './decide-pieces.ts';
import type { WaitingWork } from './waiting-work.ts';

/** A time in which waiting work ran, or is expected to run: `[start, end)`. */
export interface WorkPiece {
  readonly start: EpochMs;
  readonly end: EpochMs;
  /** False: it is only planned. */
  readonly ran: boolean;
}

/** Plans of pausable work that are looked at anew at one time: each takes a millisecond or two of the thread that serves the scheduler. */
const MOST_PLANNED = 10;

/** Creates what says when a piece of waiting work ran and will run; pauses that lie ahead are as of the forecast of the hour. */
export function createWorkPieces(options: {
  readonly cache: () => CacheState;
  /** Hours that work is expected to run. */
  readonly hoursOf: (work: WaitingWork) => number;
}): (all: readonly WaitingWork[], now: EpochMs) => (work: WaitingWork) => readonly WorkPiece[] {
  let known = new Map<string, readonly WorkPiece[]>();
  return (all, now) => {
    const next = new Map<string, readonly WorkPiece[]>();
    let planned = 0;
    for (const work of all) {
      if (work.plan === undefined || !isPausable(work)) continue;
      const key = keyOf(work, now);
      const pieces = known.get(key) ?? (planned++ < MOST_PLANNED ? piecesAhead(work, options) : undefined);
      if (pieces !== undefined) next.set(key, pieces);
    }
    known = next;
    return (work) => [
      ...piecesBehind(work),
      ...(known.get(keyOf(work, now)) ?? inOnePiece(work, options.hoursOf(work))),
    ];
  };
}

function keyOf({ uid, plan }: WaitingWork, now: EpochMs): string {
  return `${uid} ${plan?.start} ${hourOf(now)}`;
}

/** What is known of the pieces that ran: the first and the last one; annotations hold no more. */
function piecesBehind({ progress }: WaitingWork): WorkPiece[] {
  if (progress?.pausedAt === undefined) return [];
  const { startedAt, resumedAt, pausedAt, pausedSeconds, interruptions } = progress;
  const last = { start: resumedAt, end: pausedAt, ran: true };
  // Of two pieces the length of the pause between them gives the end of the first.
  if (interruptions !== 2) return [last];
  return [{ start: startedAt, end: Math.max(startedAt, resumedAt - pausedSeconds * 1_000), ran: true }, last];
}

function inOnePiece(work: WaitingWork, durationHours: number): WorkPiece[] {
  if (work.plan === undefined) return [];
  const { start } = work.plan;
  return [{ start, end: start + remainingHours(work, durationHours, start) * HOUR_MS, ran: false }];
}

function piecesAhead(work: WaitingWork, { cache, hoursOf }: Parameters<typeof createWorkPieces>[0]): WorkPiece[] {
  const durationHours = hoursOf(work);
  const { plan, progress } = work;
  const state = cache();
  const forecast = plan && state.kind === 'fresh' ? state.snapshot.regions.get(plan.zone)?.forecast : undefined;
  if (plan === undefined || forecast === undefined) return inOnePiece(work, durationHours);
  const planned = planPieces({
    ...{ now: plan.start, deadline: completionDeadline(work, durationHours), limits: limitsOf(work) },
    remainingHours: remainingHours(work, durationHours, plan.start),
    candidates: [{ zone: plan.zone, forecast }],
    state: { kind: progress === undefined ? 'waiting' : 'paused' },
    ...(progress && { interruptions: progress.interruptions }),
  });
  // A newer forecast would start later; the plan is the one that is written.
  if (planned.kind !== 'run' || !('pieces' in planned)) return inOnePiece(work, durationHours);
  return planned.pieces.map(({ start, end }) => ({ start, end, ran: false }));
}
