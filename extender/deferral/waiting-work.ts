import { z } from 'zod';
import type { EpochMs } from '../../shared/grid/units.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import { controllerOf, type OwnerReference, ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import {
  ANNOTATION_PREFIX,
  type InvalidAnnotation,
  mergePreferences,
  type PodPreferences,
  parseAnnotations,
} from '../placement/annotations.ts';
import type { Mode } from '../placement/mode.ts';
import type { JobProgress } from './job-progress.ts';
import type { Labels } from './label-selector.ts';
import { isQueuedElsewhere } from './ownership.ts';
import { type PodRequirements, podSpec, requirementsOf } from './pod-requirements.ts';
import type { Space } from './space.ts';

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
  /** Labels of its pods, by which other pods select them. */
  readonly podLabels: Labels;
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
  /** Pods that run at the same time; 1 where the object does not say. */
  readonly pods: number;
  /** Of an object that Kueue queues. */
  readonly admission?: QueueAdmission;
}

/** How Kueue holds an object back. */
export interface QueueAdmission {
  readonly resourceVersion: string;
  /** Admission gates that others hold. */
  readonly otherGates: readonly string[];
  /** Name of its LocalQueue. */
  readonly queue: string;
  /** Quota of its ClusterQueue, in the resources that have one; undefined where it is not known. */
  readonly quota?: Space | undefined;
  /** Kueue's own object about it; undefined until Kueue has made it. */
  readonly workload?: QueueWorkload | undefined;
}

/** A Workload: Kueue's own object about what it queues. */
export interface QueueWorkload {
  readonly apiVersion: string;
  readonly path: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Whether Kueue holds it back for our gate; versions before 0.17 ignore the gate. */
  readonly isGated: boolean;
  /** The plan as it was copied there, as text; undefined while there is none. */
  readonly plannedStart: string | undefined;
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
/** Metadata of an object that may wait, as read. */
export type ObjectMetadata = z.output<typeof objectMetadata>;

const podSchema = z.object({
  metadata: objectMetadata,
  spec: podSpec.extend({
    nodeName: z.string().nullish(),
    schedulingGates: z.array(z.object({ name: z.string() })).nullish(),
  }),
});
/** The work that a pod is; undefined for a pod without our gate. */
export function waitingPod(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec } = podSchema.parse(object);
  const gated = spec.schedulingGates?.some(({ name }) => name === WAIT_GATE) ?? false;
  if (!gated || spec.nodeName || meta.deletionTimestamp) return undefined;
  const queuedElsewhere = isQueuedElsewhere({ ...meta, schedulerName: spec.schedulerName });
  const pod = { requirements: requirementsOf(spec, meta.labels ?? {}), podLabels: meta.labels ?? {} };
  return { ...workOf('Pod', meta, pod), queuedElsewhere };
}

/** The name under which runs of the same work are remembered: a CronJob's Jobs end in the minute of their start. */
export function ownerName(meta: Pick<ObjectMetadata, 'name' | 'ownerReferences'>): string {
  const owner = controllerOf(meta.ownerReferences);
  return (owner?.name ?? meta.name).replace(/-\d{8,10}$/, '');
}

/** Work as its metadata and its pods describe it. */
export function workOf(
  kind: WaitingKind,
  meta: ObjectMetadata,
  pod: Pick<WaitingWork, 'requirements' | 'podLabels'>,
): WaitingWork {
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
    ...pod,
    preferences,
    invalid,
    plan: writtenPlan(meta.annotations ?? {}),
    ...writtenExtension(meta.annotations ?? {}),
    origin: meta.uid,
    pods: 1,
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

/** Work with further preferences behind its own. */
export function withDefaults(work: WaitingWork, defaults: PodPreferences | undefined): WaitingWork {
  return defaults === undefined ? work : { ...work, preferences: mergePreferences(work.preferences, defaults) };
}

/** Whether work says by itself that it does not wait, or how long it may; else defaults must be known before anything is decided. */
export function hasOwnSlack({ preferences: { skip, maxDelayMs, deadline } }: WaitingWork): boolean {
  return skip === true || maxDelayMs !== undefined || deadline !== undefined;
}
