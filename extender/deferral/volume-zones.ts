import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { type NodeSelectorTerm, nodeSelectorTerms } from './pod-requirements.ts';

/** Which nodes can reach the volumes of a pod. */
export interface VolumeZones {
  /** Selector terms of each claim, one list per claim that restricts nodes; `pending` while they are being read. */
  selectorsOf(namespace: string, claims: readonly string[]): readonly (readonly NodeSelectorTerm[])[] | 'pending';
}

const claimObject = z.object({
  spec: z.object({ volumeName: z.string().nullish(), storageClassName: z.string().nullish() }),
});
const volumeObject = z.object({
  spec: z.object({ nodeAffinity: z.object({ required: nodeSelectorTerms.nullish() }).nullish() }),
});
const classObject = z.object({
  allowedTopologies: z
    .array(z.object({ matchLabelExpressions: z.array(z.object({ key: z.string(), values: z.array(z.string()) })) }))
    .nullish(),
});

type Terms = readonly NodeSelectorTerm[] | undefined;

/** A claim that is unbound now may be bound a moment later. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * Reads claims when they are first needed: the node affinity of the bound volume, else the allowed topologies of the
 * storage class. `onFound` is called after each. A claim that cannot be read restricts nothing.
 */
export function createVolumeZones(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly onFound: () => void;
}): VolumeZones {
  const { client, clock, onFound } = options;
  const known = new Map<string, { readonly terms: Terms | 'pending'; readonly until: number }>();
  const get = (path: string) => client.request('GET', path);
  const read = async (namespace: string, claim: string): Promise<Terms> => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims/${encodeURIComponent(claim)}`;
    const { volumeName, storageClassName } = claimObject.parse(await get(path)).spec;
    if (volumeName) {
      const { spec } = volumeObject.parse(await get(`/api/v1/persistentvolumes/${encodeURIComponent(volumeName)}`));
      return spec.nodeAffinity?.required?.nodeSelectorTerms;
    }
    if (!storageClassName) return undefined;
    const name = encodeURIComponent(storageClassName);
    const { allowedTopologies } = classObject.parse(await get(`/apis/storage.k8s.io/v1/storageclasses/${name}`));
    return allowedTopologies?.map(({ matchLabelExpressions }) => ({
      matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: 'In', values })),
    }));
  };
  const termsOf = (namespace: string, claim: string): Terms | 'pending' => {
    const key = `${namespace}/${claim}`;
    const found = known.get(key);
    if (found && clock.monotonic() < found.until) return found.terms;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const remember = (terms: Terms | 'pending') => known.set(key, { terms, until: clock.monotonic() + REMEMBERED_MS });
    // What was known stays in use while it is read again.
    remember(found ? found.terms : 'pending');
    read(namespace, claim).then(
      (terms) => {
        remember(terms);
        onFound();
      },
      (error) => {
        if (error instanceof KubernetesError && (error.status === 404 || error.status === 403)) remember(undefined);
        else known.delete(key);
        onFound();
      },
    );
    return found ? found.terms : 'pending';
  };
  return {
    selectorsOf(namespace, claims) {
      const all = claims.map((claim) => termsOf(namespace, claim));
      if (all.includes('pending')) return 'pending';
      return all.flatMap((terms) => (terms === undefined || terms === 'pending' ? [] : [terms]));
    },
  };
}
