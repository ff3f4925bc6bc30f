import type { Origin } from './origins.ts';
import type { JobFacts } from './waiting-job.ts';
import type { WaitingWork } from './waiting-work.ts';

/**
 * Pods that come later than this after their owner are its retries, replacements or a new revision: the work as a whole
 * has had its one delay.
 */
export const FIRST_PODS_MS = 10 * 60_000;

/** A pod as part of its Job: its delay counts from the Job's creation, and is over once any pod of it has run. */
export function withJob(work: WaitingWork, job: JobFacts | undefined): WaitingWork {
  if (job === undefined) return work;
  return {
    ...work,
    createdAt: Math.min(work.createdAt, job.createdAt),
    origin: job.uid,
    hasStarted: job.hasStarted,
    queuedElsewhere: work.queuedElsewhere || job.queuedElsewhere,
  };
}

/** A pod as part of its Deployment or StatefulSet: pods that come later than the first ones do not wait. */
export function withOrigin(work: WaitingWork, origin: Origin | 'pending' | undefined): WaitingWork {
  if (origin === 'pending') return { ...work, isUnresolved: true };
  if (origin === undefined) return { ...work, origin: work.controller?.uid ?? work.origin };
  return {
    ...work,
    createdAt: Math.min(work.createdAt, origin.createdAt),
    origin: origin.uid,
    hasStarted: work.createdAt - origin.createdAt > FIRST_PODS_MS,
  };
}
