import { z } from 'zod';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { QUEUED_KINDS, type QueuedResource } from './kueue-work.ts';

const groupObject = z.object({
  preferredVersion: z.object({ groupVersion: z.string() }),
});
const resourceList = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** What Kueue queues in a cluster that has it. */
export interface QueuedKinds {
  /** Version of Kueue's own API that the cluster prefers, with its group. */
  readonly kueue: string;
  readonly resources: readonly QueuedResource[];
}

/** The kinds that Kueue queues and this cluster has; undefined where it has no Kueue. */
export async function queuedKinds(client: Pick<KubernetesClient, 'request'>): Promise<QueuedKinds | undefined> {
  const kueue = await kueueVersion(client);
  if (kueue === undefined) return undefined;
  // Every cluster has pods.
  const found: QueuedResource[] = QUEUED_KINDS.filter(({ group }) => group === '').map(({ kind, plural }) => ({
    ...{ apiVersion: 'v1', kind, plural },
  }));
  for (const group of new Set(QUEUED_KINDS.map(({ group }) => group))) {
    if (group === '') continue;
    const apiVersion = await versionOf(client, group);
    if (apiVersion === undefined) continue;
    const { resources } = resourceList.parse(await client.request('GET', `/apis/${apiVersion}`));
    const plurals = new Set(resources.map(({ name }) => name));
    for (const { kind, plural, group: of } of QUEUED_KINDS)
      if (of === group && plurals.has(plural)) found.push({ apiVersion, kind, plural });
  }
  return { kueue, resources: found };
}

/** The version of Kueue's own API that the cluster prefers, with its group; undefined where it has no Kueue. */
export function kueueVersion(client: Pick<KubernetesClient, 'request'>): Promise<string | undefined> {
  return versionOf(client, 'kueue.x-k8s.io');
}

async function versionOf(client: Pick<KubernetesClient, 'request'>, group: string): Promise<string | undefined> {
  try {
    return groupObject.parse(await client.request('GET', `/apis/${group}`)).preferredVersion.groupVersion;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}
