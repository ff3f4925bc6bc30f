import { z } from 'zod';
import { ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { type NamespaceDefaults, readNamespaceDefaults } from '../placement/pod-policy.ts';
import { ADMISSION_GATES, gatesOf, resourcePath } from './kueue-work.ts';
import { quantityOf } from './pod-requirements.ts';
import type { Space } from './space.ts';
import { type QueueWorkload, WAIT_GATE, WRITTEN } from './waiting-work.ts';

const kueueObject = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences,
  }),
});

/** What of a LocalQueue matters for its work. */
export interface LocalQueue {
  /** Undefined where it sets none. */
  readonly defaults: NamespaceDefaults | undefined;
  readonly clusterQueue: string | undefined;
}

const localQueueSpec = z.object({ spec: z.object({ clusterQueue: z.string().nullish() }).nullish() });

/** Reads a LocalQueue. */
export function localQueueOf(object: unknown): LocalQueue {
  const { spec } = localQueueSpec.parse(object);
  return { defaults: localQueueDefaults(object), clusterQueue: spec?.clusterQueue ?? undefined };
}

const clusterQueueObject = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    resourceGroups: z
      .array(
        z.object({
          flavors: z.array(
            z.object({
              resources: z.array(
                z.object({ name: z.string(), nominalQuota: z.union([z.string(), z.number()]).transform(String) }),
              ),
            }),
          ),
        }),
      )
      .nullish(),
  }),
});

/** The nominal quota of a ClusterQueue over all its flavors, without what it may borrow. */
export function quotaOf(object: unknown): Space {
  const { metadata, spec } = clusterQueueObject.parse(object);
  const free: Record<string, number> = {};
  for (const { flavors } of spec.resourceGroups ?? [])
    for (const { resources } of flavors)
      for (const { name, nominalQuota } of resources) free[name] = (free[name] ?? 0) + quantityOf(nominalQuota);
  return { pool: `ClusterQueue ${metadata.name}`, free };
}

/** The defaults that a LocalQueue sets for its work, by the annotations that a namespace may have, too; undefined where it sets none. */
export function localQueueDefaults(object: unknown): NamespaceDefaults | undefined {
  const defaults = readNamespaceDefaults(kueueObject.parse(object).metadata.annotations ?? undefined);
  return Object.keys(defaults.preferences).length === 0 ? undefined : defaults;
}

/** A Workload with the UIDs of the objects that it is about. */
export interface OwnedWorkload extends QueueWorkload {
  readonly owners: readonly string[];
}

/** Reads a Workload of the given version of Kueue's API. */
export function workloadOf(object: unknown, apiVersion: string): OwnedWorkload {
  const { metadata } = kueueObject.parse(object);
  const { name, namespace, uid } = metadata;
  const annotations = metadata.annotations ?? {};
  return {
    ...{ apiVersion, namespace, name, uid },
    path: `${resourcePath({ apiVersion, plural: 'workloads' }, namespace)}/${encodeURIComponent(name)}`,
    isGated: gatesOf(annotations[ADMISSION_GATES]).includes(WAIT_GATE),
    plannedStart: annotations[WRITTEN.plannedStart],
    owners: (metadata.ownerReferences ?? []).flatMap((owner) => owner.uid ?? []),
  };
}
