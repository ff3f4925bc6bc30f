import { z } from 'zod';
import { latestStartOf } from '../../shared/deferral/plan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import { controllerOf } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { parseAnnotations } from '../placement/annotations.ts';
import { progressOf } from './job-progress.ts';
import { isOursToResume, isQueuedElsewhere } from './ownership.ts';
import { podSpec, requirementsOf } from './pod-requirements.ts';
import { managedFields, wasSuspendedLater } from './suspension-history.ts';
import { type ObjectMetadata, objectMetadata, type WaitingWork, WRITTEN, workOf } from './waiting-work.ts';

const count = z.number().nullish();
const jobSchema = z.object({
  metadata: objectMetadata.extend({ managedFields }),
  spec: z.object({
    suspend: z.boolean().nullish(),
    parallelism: count,
    managedBy: z.string().nullish(),
    template: z
      .object({ metadata: z.object({ labels: objectMetadata.shape.labels }).nullish(), spec: podSpec })
      .nullish(),
  }),
  status: z
    .object({
      startTime: z.string().nullish(),
      conditions: z.array(z.object({ type: z.string(), lastTransitionTime: z.string().nullish() })).nullish(),
      ...{ ready: count, succeeded: count, failed: count },
    })
    .nullish(),
});

/** The work that a Job is; undefined unless it was suspended when it was created, waits for us, and says how long it may. */
export function waitingJob(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  if (spec.suspend !== true || meta.deletionTimestamp || meta.annotations?.[WRITTEN.releasedAt] !== undefined)
    return undefined;
  const work = workOf('Job', meta, podOf(spec));
  const schedulerName = spec.template?.spec.schedulerName;
  const { ownerReferences: owners, labels, generation } = meta;
  const ownership = { labels, ownerReferences: owners, generation, schedulerName, managedBy: spec.managedBy };
  const { startTime, conditions } = status ?? {};
  const { createdAt } = work;
  const suspendedLater = wasSuspendedLater(meta.managedFields, createdAt);
  const history = { startTime, hasRun: hasRun(status), conditions: conditions ?? [], createdAt, suspendedLater };
  if (!isOursToResume({ ...ownership, ...history })) return undefined;
  if (work.preferences.maxDelayMs === undefined && work.preferences.deadline === undefined) return undefined;
  return { ...work, pods: spec.parallelism ?? 1 };
}

/** What is known of the pods of a Job. */
function podOf({ template }: z.output<typeof jobSchema>['spec']): Pick<WaitingWork, 'requirements' | 'podLabels'> {
  const podLabels = template?.metadata?.labels ?? {};
  return { requirements: requirementsOf(template?.spec ?? {}, podLabels), podLabels };
}

/** A Job that said that it may be paused, while it runs or is paused by us; undefined for any other. */
export function pausableJob(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  const work = workOf('Job', meta, podOf(spec));
  const { maxDelayMs, deadline, interruptible } = work.preferences;
  if (interruptible !== true || meta.deletionTimestamp || (maxDelayMs === undefined && deadline === undefined))
    return undefined;
  const isFinished = status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') ?? false;
  const { ownerReferences: owners, labels } = meta;
  const schedulerName = spec.template?.spec.schedulerName;
  const ownership = { labels, ownerReferences: owners, schedulerName, managedBy: spec.managedBy, createdAt: 0 };
  if (isFinished || !isOursToResume(ownership)) return undefined;
  const progress = progressOf(meta.annotations ?? {}, status?.startTime ?? undefined, work.createdAt);
  // Suspended without our mark is somebody's own doing, or has not started yet.
  if ((spec.suspend === true) !== (progress.pausedAt !== undefined)) return undefined;
  return { ...work, progress };
}

/** What of a Job matters for its pods. */
export interface JobFacts {
  readonly uid: string;
  readonly createdAt: EpochMs;
  /** A pod of it has run, or it has waited for us already. */
  readonly hasStarted: boolean;
  readonly queuedElsewhere: boolean;
  readonly isSuspended: boolean;
  /** UID of the controller that owns it; undefined for one on its own. */
  readonly controllerUid: string | undefined;
}

/** Reads what of a Job matters for its pods. */
export function jobFacts(object: unknown): JobFacts {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  return {
    uid: meta.uid,
    createdAt: Date.parse(meta.creationTimestamp),
    hasStarted: hasRun(status) || meta.annotations?.[WRITTEN.releasedAt] !== undefined,
    queuedElsewhere: isQueuedElsewhere({ ...meta, schedulerName: spec.template?.spec.schedulerName }),
    isSuspended: spec.suspend === true,
    controllerUid: controllerOf(meta.ownerReferences)?.uid ?? undefined,
  };
}

/** Whether a pod of a Job has run. */
function hasRun(status: z.output<typeof jobSchema>['status']): boolean {
  return (status?.ready ?? 0) + (status?.succeeded ?? 0) + (status?.failed ?? 0) > 0;
}

/** A Job that waited and runs since; its pods were created later by as much as it waited. */
export interface ReleasedJob {
  readonly uid: string;
  readonly waitedMs: number;
  /** How long it might have waited; undefined where it no longer says so. */
  readonly slackMs: number | undefined;
}

/** The wait of a Job; undefined unless this program released it. */
export function releasedJob(object: unknown): ReleasedJob | undefined {
  const { metadata, spec } = jobSchema.parse(object);
  return spec.suspend === true ? undefined : releasedWork(metadata);
}

/** The wait of any object; undefined unless this program released it, or where nothing had held it. */
export function releasedWork(meta: ObjectMetadata): ReleasedJob | undefined {
  const releasedAt = Date.parse(meta.annotations?.[WRITTEN.releasedAt] ?? '');
  const createdAt = Date.parse(meta.creationTimestamp);
  if (!(releasedAt > createdAt) || meta.annotations?.[WRITTEN.releasedBecause] === 'queue-without-gate')
    return undefined;
  const { preferences } = parseAnnotations(meta.annotations ?? undefined);
  const slackMs = latestStartOf(createdAt, preferences) - createdAt;
  return { uid: meta.uid, waitedMs: releasedAt - createdAt, slackMs: slackMs > 0 ? slackMs : undefined };
}
