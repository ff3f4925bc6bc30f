import { z } from 'zod';
import { latestStartOf } from '../../shared/deferral/plan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import { controllerOf, ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import {
  ANNOTATION_PREFIX,
  type InvalidAnnotation,
  type PodPreferences,
  parseAnnotations,
} from '../placement/annotations.ts';

/** The scheduling gate that means: this pod waits for a cleaner hour. */
export const WAIT_GATE = `${ANNOTATION_PREFIX}wait`;

/** Annotations that the controller writes. They are all the state that it has. */
export const WRITTEN = {
  plannedStart: `${ANNOTATION_PREFIX}planned-start`,
  plannedZone: `${ANNOTATION_PREFIX}planned-zone`,
  expectedSaving: `${ANNOTATION_PREFIX}expected-saving`,
  releasedAt: `${ANNOTATION_PREFIX}released-at`,
  releasedBecause: `${ANNOTATION_PREFIX}released-because`,
} as const;

/** A start that was promised earlier, as it stands on the object. */
export interface WrittenPlan {
  readonly start: EpochMs;
  readonly zone: Zone;
  /** Share 0 to 1 of the grams of running at once; undefined where it cannot be read. */
  readonly saving: number | undefined;
}

/** A pod behind the gate, or a suspended Job that asks for the same. */
export interface WaitingWork {
  readonly kind: 'Pod' | 'Job';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: EpochMs;
  /** UID of the Job that controls a pod. */
  readonly job?: string | undefined;
  /** The controller above it, by name and without the time that a CronJob adds; its own name where there is none. */
  readonly owner: string;
  readonly preferences: PodPreferences;
  readonly invalid: readonly InvalidAnnotation[];
  readonly plan: WrittenPlan | undefined;
}

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default('default'),
  uid: z.string(),
  creationTimestamp: z.iso.datetime({ offset: true }),
  deletionTimestamp: z.string().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  ownerReferences,
});
type Metadata = z.output<typeof metadata>;

const podSchema = z.object({
  metadata,
  spec: z.object({
    nodeName: z.string().nullish(),
    schedulingGates: z.array(z.object({ name: z.string() })).nullish(),
  }),
});
const jobSchema = z.object({
  metadata,
  spec: z.object({ suspend: z.boolean().nullish(), managedBy: z.string().nullish() }),
});

/** The work that a pod is; undefined for a pod that does not stand behind our gate. */
export function waitingPod(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec } = podSchema.parse(object);
  const gated = spec.schedulingGates?.some(({ name }) => name === WAIT_GATE) ?? false;
  if (!gated || spec.nodeName || meta.deletionTimestamp) return undefined;
  const job = meta.ownerReferences?.find(({ kind, controller }) => kind === 'Job' && controller === true);
  return { ...workOf('Pod', meta), job: job?.uid ?? undefined };
}

/**
 * The work that a Job is; undefined unless it is suspended and itself asks to wait. One that was released before, or
 * that a queue manages, was suspended by somebody else and is left alone.
 */
export function waitingJob(object: unknown): WaitingWork | undefined {
  const { metadata: meta, spec } = jobSchema.parse(object);
  if (spec.suspend !== true || meta.deletionTimestamp || spec.managedBy) return undefined;
  if (meta.labels?.['kueue.x-k8s.io/queue-name'] !== undefined) return undefined;
  if (meta.annotations?.[WRITTEN.releasedAt] !== undefined) return undefined;
  const work = workOf('Job', meta);
  return work.preferences.maxDelayMs === undefined && work.preferences.deadline === undefined ? undefined : work;
}

/** A Job that waited and runs since; its pods were made later by as much as it waited. */
export interface ReleasedJob {
  readonly uid: string;
  readonly waitedMs: number;
  /** How long it might have waited; undefined where it does not say any more. */
  readonly slackMs: number | undefined;
}

/** What is known of the wait of a Job; undefined unless this program released it. */
export function releasedJob(object: unknown): ReleasedJob | undefined {
  const { metadata: meta, spec } = jobSchema.parse(object);
  const releasedAt = Date.parse(meta.annotations?.[WRITTEN.releasedAt] ?? '');
  const { createdAt, uid, preferences } = workOf('Job', meta);
  if (spec.suspend === true || !(releasedAt > createdAt)) return undefined;
  const slackMs = latestStartOf(createdAt, preferences) - createdAt;
  return { uid, waitedMs: releasedAt - createdAt, slackMs: slackMs > 0 ? slackMs : undefined };
}

/** The name under which runs of the same work are remembered: a CronJob's Jobs end in the minute of their start. */
export function ownerName(meta: Pick<Metadata, 'name' | 'ownerReferences'>): string {
  const owner = controllerOf(meta.ownerReferences);
  return (owner?.name ?? meta.name).replace(/-\d{8,10}$/, '');
}

function workOf(kind: WaitingWork['kind'], meta: Metadata): WaitingWork {
  const { preferences, invalid } = parseAnnotations(meta.annotations ?? undefined);
  return {
    kind,
    namespace: meta.namespace,
    name: meta.name,
    uid: meta.uid,
    createdAt: Date.parse(meta.creationTimestamp),
    owner: ownerName(meta),
    preferences,
    invalid,
    plan: writtenPlan(meta.annotations ?? {}),
  };
}

/** The plan on an object. Anybody may have written it: what cannot be read is no plan. */
function writtenPlan(annotations: Readonly<Record<string, string>>): WrittenPlan | undefined {
  const start = Date.parse(annotations[WRITTEN.plannedStart] ?? '');
  const zone = parseZone(annotations[WRITTEN.plannedZone] ?? '');
  if (Number.isNaN(start) || zone.kind === 'malformed') return undefined;
  const percent = Number.parseFloat(annotations[WRITTEN.expectedSaving] ?? '');
  return { start, zone: zone.zone, saving: Number.isNaN(percent) ? undefined : percent / 100 };
}
