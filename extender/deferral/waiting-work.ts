import { z } from 'zod';
import { latestStartOf } from '../../shared/deferral/plan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import { controllerOf, type OwnerReference, ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import {
  ANNOTATION_PREFIX,
  type InvalidAnnotation,
  type PodPreferences,
  parseAnnotations,
} from '../placement/annotations.ts';
import type { Mode } from '../placement/mode.ts';
import { type JobProgress, progressOf } from './job-progress.ts';
import { isOursToResume, isQueuedElsewhere } from './ownership.ts';
import { type PodRequirements, podSpec, requirementsOf } from './pod-requirements.ts';

/** The scheduling gate that means: this pod waits for a cleaner hour. */
export const WAIT_GATE = `${ANNOTATION_PREFIX}wait`;

/** Annotations that the controller writes. They are all the state that it has. */
export const WRITTEN = {
  plannedStart: `${ANNOTATION_PREFIX}planned-start`,
  plannedZone: `${ANNOTATION_PREFIX}planned-zone`,
  expectedSaving: `${ANNOTATION_PREFIX}expected-saving`,
  releasedAt: `${ANNOTATION_PREFIX}released-at`,
  releasedBecause: `${ANNOTATION_PREFIX}released-because`,
  pausedAt: `${ANNOTATION_PREFIX}paused-at`,
  pausedSeconds: `${ANNOTATION_PREFIX}paused-seconds`,
  resumedAt: `${ANNOTATION_PREFIX}resumed-at`,
  interruptions: `${ANNOTATION_PREFIX}interruptions`,
  extendedUntil: `${ANNOTATION_PREFIX}extended-until`,
} as const;

/** Written as the planned zone of a pod whose scheduler does not place by carbon: it may run in any of its zones. */
export const ANY_ZONE = 'any' as Zone;

/** A plan as it was written on the object. */
export interface WrittenPlan {
  readonly start: EpochMs;
  readonly zone: Zone;
  /** Share 0 to 1 of the grams of running at once; undefined where it cannot be read. */
  readonly saving: number | undefined;
}

/** What waits: a gated pod, a suspended Job, or an object that our admission gate holds back in Kueue. */
export type WaitingKind = 'Pod' | 'Job' | 'Workload';

/** A piece of waiting work. */
export interface WaitingWork {
  readonly kind: WaitingKind;
  readonly apiVersion: string;
  /** Kind of the object itself; that of a workload is any that Kueue queues. */
  readonly objectKind: string;
  /** Path of the object in the Kubernetes API. */
  readonly path: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** When the piece of work was created: its owner, where it has one. From then on `max-delay` counts. */
  readonly createdAt: EpochMs;
  /** The controller that manages a pod; undefined for a pod on its own and for a Job. */
  readonly controller: OwnerReference | undefined;
  /** The controller above it, by name and without the time that a CronJob adds; its own name where there is none. */
  readonly owner: string;
  readonly requirements: PodRequirements;
  readonly preferences: PodPreferences;
  readonly invalid: readonly InvalidAnnotation[];
  readonly plan: WrittenPlan | undefined;
  /** Another queue owns it, and its gate only harms. */
  readonly queuedElsewhere: boolean;
  /** UID of the piece of work it is part of: its topmost owner that is known, or itself. */
  readonly origin: string;
  /** The piece of work has started before: a retry, a next completion, an evicted or rolled pod. It does not wait again. */
  readonly hasStarted: boolean;
  /** Its owner is not known yet: no decision is made, but guarantees are kept. */
  readonly isUnresolved: boolean;
  /** Mode of its namespace; undefined where that sets none. */
  readonly mode: Mode | undefined;
  /** Of a Job that may be paused, once it has started: how far it is. */
  readonly progress?: JobProgress;
  /** Of a paused Job: when it must go on to complete in time; else it follows from preferences. */
  readonly latestStart?: EpochMs;
  /** Of work whose namespace has used up its carbon budget: it may wait until then, unless its `deadline` is before. */
  readonly extendedUntil?: EpochMs;
  /** Of a workload: the admission gates that others hold, and the version of the object that has them. */
  readonly admission?: { readonly resourceVersion: string; readonly otherGates: readonly string[] };
}

/** Metadata of an object that may wait. */
export const objectMetadata = z.object({
  name: z.string(),
  namespace: z.string().default('default'),
  uid: z.string(),
  creationTimestamp: z.iso.datetime({ offset: true }),
  deletionTimestamp: z.string().nullish(),
  generation: z.number().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  ownerReferences,
});
type Metadata = z.output<typeof objectMetadata>;

const podSchema = z.object({
  metadata: objectMetadata,
  spec: podSpec.extend({
    nodeName: z.string().nullish(),
    schedulingGates: z.array(z.object({ name: z.string() })).nullish(),
  }),
});
const count = z.number().nullish();
const jobSchema = z.object({
  metadata: objectMetadata,
  spec: z.object({
    suspend: z.boolean().nullish(),
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

/** The work that a pod is; undefined for a pod without our gate. */
export function waitingPod(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec } = podSchema.parse(object);
  const gated = spec.schedulingGates?.some(({ name }) => name === WAIT_GATE) ?? false;
  if (!gated || spec.nodeName || meta.deletionTimestamp) return undefined;
  const queuedElsewhere = isQueuedElsewhere({ ...meta, schedulerName: spec.schedulerName });
  return { ...workOf('Pod', meta, requirementsOf(spec)), queuedElsewhere };
}

/** The work that a Job is; undefined unless it was suspended when it was created, waits for us, and says how long it may. */
export function waitingJob(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  if (spec.suspend !== true || meta.deletionTimestamp || meta.annotations?.[WRITTEN.releasedAt] !== undefined)
    return undefined;
  const work = workOf('Job', meta, requirementsOf(spec.template?.spec ?? {}));
  const schedulerName = spec.template?.spec.schedulerName;
  const { ownerReferences: owners, labels, generation } = meta;
  const ownership = { labels, ownerReferences: owners, generation, schedulerName, managedBy: spec.managedBy };
  const { startTime, conditions } = status ?? {};
  if (!isOursToResume({ ...ownership, startTime, conditions: conditions ?? [], createdAt: work.createdAt }))
    return undefined;
  return work.preferences.maxDelayMs === undefined && work.preferences.deadline === undefined ? undefined : work;
}

/** A Job that said that it may be paused, while it runs or is paused by us; undefined for any other. */
export function pausableJob(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  const work = workOf('Job', meta, requirementsOf(spec.template?.spec ?? {}));
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
}

/** Reads what of a Job matters for its pods. */
export function jobFacts(object: unknown): JobFacts {
  const { metadata: meta, spec, status } = jobSchema.parse(object);
  const ran = (status?.ready ?? 0) + (status?.succeeded ?? 0) + (status?.failed ?? 0) > 0;
  return {
    uid: meta.uid,
    createdAt: Date.parse(meta.creationTimestamp),
    hasStarted: ran || meta.annotations?.[WRITTEN.releasedAt] !== undefined,
    queuedElsewhere: isQueuedElsewhere({ ...meta, schedulerName: spec.template?.spec.schedulerName }),
  };
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
  const { metadata: meta, spec } = jobSchema.parse(object);
  const releasedAt = Date.parse(meta.annotations?.[WRITTEN.releasedAt] ?? '');
  const createdAt = Date.parse(meta.creationTimestamp);
  if (spec.suspend === true || !(releasedAt > createdAt)) return undefined;
  const { preferences } = parseAnnotations(meta.annotations ?? undefined);
  const slackMs = latestStartOf(createdAt, preferences) - createdAt;
  return { uid: meta.uid, waitedMs: releasedAt - createdAt, slackMs: slackMs > 0 ? slackMs : undefined };
}

/** The name under which runs of the same work are remembered: a CronJob's Jobs end in the minute of their start. */
export function ownerName(meta: Pick<Metadata, 'name' | 'ownerReferences'>): string {
  const owner = controllerOf(meta.ownerReferences);
  return (owner?.name ?? meta.name).replace(/-\d{8,10}$/, '');
}

/** Work as its metadata describe it. */
export function workOf(kind: WaitingKind, meta: Metadata, requirements: PodRequirements): WaitingWork {
  const isPod = kind === 'Pod';
  const [group, plural] = isPod ? ['/api/v1', 'pods'] : ['/apis/batch/v1', 'jobs'];
  const { preferences, invalid } = parseAnnotations(meta.annotations ?? undefined);
  return {
    kind,
    apiVersion: isPod ? 'v1' : 'batch/v1',
    objectKind: isPod ? 'Pod' : 'Job',
    path: `${group}/namespaces/${encodeURIComponent(meta.namespace)}/${plural}/${encodeURIComponent(meta.name)}`,
    namespace: meta.namespace,
    name: meta.name,
    uid: meta.uid,
    createdAt: Date.parse(meta.creationTimestamp),
    controller: isPod ? controllerOf(meta.ownerReferences) : undefined,
    owner: ownerName(meta),
    requirements,
    preferences,
    invalid,
    plan: writtenPlan(meta.annotations ?? {}),
    ...writtenExtension(meta.annotations ?? {}),
    origin: meta.uid,
    ...{ queuedElsewhere: false, hasStarted: false, isUnresolved: false, mode: undefined },
  };
}

function writtenExtension(annotations: Readonly<Record<string, string>>): Pick<WaitingWork, 'extendedUntil'> {
  const until = Date.parse(annotations[WRITTEN.extendedUntil] ?? '');
  return Number.isNaN(until) ? {} : { extendedUntil: until };
}

/** The plan on an object. Anyone may have written it: what cannot be read does not count. */
function writtenPlan(annotations: Readonly<Record<string, string>>): WrittenPlan | undefined {
  const start = Date.parse(annotations[WRITTEN.plannedStart] ?? '');
  const text = annotations[WRITTEN.plannedZone] ?? '';
  const zone = parseZone(text);
  if (Number.isNaN(start) || (zone.kind === 'malformed' && text !== ANY_ZONE)) return undefined;
  const percent = Number.parseFloat(annotations[WRITTEN.expectedSaving] ?? '');
  const saving = Number.isNaN(percent) ? undefined : percent / 100;
  return { start, zone: zone.kind === 'malformed' ? ANY_ZONE : zone.zone, saving };
}
