import type { EpochMs } from '../../shared/grid/units.ts';
import { ANNOTATION_PREFIX } from '../placement/annotations.ts';

/** How far a Job is that may be paused. */
export interface JobProgress {
  readonly startedAt: EpochMs;
  /** Start of the present piece; that of the last one while it is paused. */
  readonly resumedAt: EpochMs;
  /** Undefined while it runs. */
  readonly pausedAt: EpochMs | undefined;
  /** Seconds since the start in which it did not run: all pauses before the present one, and what it waited to start. */
  readonly pausedSeconds: number;
  /** Pauses so far, the present one included. */
  readonly interruptions: number;
}

/**
 * Reads the progress from what the controller has written. Kubernetes sets the start time anew whenever a Job is resumed,
 * whoever suspended it, and removes it meanwhile: what lies between our own mark and it did not count as run.
 */
export function progressOf(
  annotations: Readonly<Record<string, string>>,
  startTime: string | undefined,
  createdAt: EpochMs,
): JobProgress {
  const time = (name: string) => {
    const value = Date.parse(annotations[`${ANNOTATION_PREFIX}${name}`] ?? '');
    return Number.isNaN(value) ? undefined : value;
  };
  const number = (name: string) => Math.max(0, Number(annotations[`${ANNOTATION_PREFIX}${name}`]) || 0);
  const began = Date.parse(startTime ?? '');
  const startedAt = time('released-at') ?? createdAt;
  const marked = time('resumed-at') ?? startedAt;
  const pausedAt = time('paused-at');
  // While it is paused the mark is exact: it was written with the pause.
  const resumedAt = pausedAt === undefined && began > marked ? began : marked;
  return {
    ...{ startedAt, resumedAt, pausedAt },
    pausedSeconds: number('paused-seconds') + (resumedAt - marked) / 1_000,
    interruptions: number('interruptions'),
  };
}

/** Milliseconds that the Job has run until now, restarts included. */
export function ranMs({ startedAt, pausedAt, pausedSeconds }: JobProgress, now: EpochMs): number {
  return Math.max(0, (pausedAt ?? now) - startedAt - pausedSeconds * 1_000);
}
