import type { EpochMs } from '../../shared/grid/units.ts';
import { ANNOTATION_PREFIX } from '../placement/annotations.ts';

/** How far a Job is that may be paused. */
export interface JobProgress {
  readonly startedAt: EpochMs;
  /** Start of the present piece; that of the last one while it is paused. */
  readonly resumedAt: EpochMs;
  /** Undefined while it runs. */
  readonly pausedAt: EpochMs | undefined;
  /** Seconds of all earlier pauses. */
  readonly pausedSeconds: number;
  /** Pauses so far, the present one included. */
  readonly interruptions: number;
}

/** Reads the progress from what the controller has written; a Job that never waited started when Kubernetes says so. */
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
  const startedAt = time('released-at') ?? (Number.isNaN(began) ? createdAt : began);
  return {
    startedAt,
    resumedAt: time('resumed-at') ?? startedAt,
    pausedAt: time('paused-at'),
    pausedSeconds: number('paused-seconds'),
    interruptions: number('interruptions'),
  };
}

/** Milliseconds that the Job has run until now, restarts included. */
export function ranMs({ startedAt, pausedAt, pausedSeconds }: JobProgress, now: EpochMs): number {
  return Math.max(0, (pausedAt ?? now) - startedAt - pausedSeconds * 1_000);
}
