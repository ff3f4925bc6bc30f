import { z } from 'zod';
import { ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { type NamespaceDefaults, readNamespaceDefaults } from '../placement/pod-policy.ts';
import { ADMISSION_GATES, gatesOf, resourcePath } from './kueue-work.ts';
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
