import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { PodRequirements } from './pod-requirements.ts';
import { readClaimTerms, readClassTerms, type VolumeTerms } from './volume-terms.ts';

/** Which nodes can reach the volumes of a pod. */
export interface VolumeZones {
  /** What claims, and those that are yet to be made of a class, require of a node; `pending` while that is being read. */
  selectorsOf(namespace: string, volumes: Pick<PodRequirements, 'claims' | 'storageClasses'>): VolumeTerms | 'pending';
}

/** A claim that is unbound now may be bound a moment later. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * Reads claims when they are first needed: where the bound volume is, else where their storage class makes one. `onFound`
 * is called after each. A claim that cannot be read restricts nothing.
 */
export function createVolumeZones(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly onFound: () => void;
}): VolumeZones {
  const { client, clock, onFound } = options;
  const known = new Map<string, { readonly terms: VolumeTerms | 'pending'; readonly until: number }>();
  const termsOf = (key: string, read: () => Promise<VolumeTerms>): VolumeTerms | 'pending' => {
    const found = known.get(key);
    if (found && clock.monotonic() < found.until) return found.terms;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const remember = (terms: VolumeTerms | 'pending') =>
      known.set(key, { terms, until: clock.monotonic() + REMEMBERED_MS });
    // What was known stays in use while it is read again.
    remember(found ? found.terms : 'pending');
    read().then(
      (terms) => {
        remember(terms);
        onFound();
      },
      (error) => {
        if (error instanceof KubernetesError && (error.status === 404 || error.status === 403)) remember([]);
        else known.delete(key);
        onFound();
      },
    );
    return found ? found.terms : 'pending';
  };
  return {
    selectorsOf(namespace, { claims, storageClasses }) {
      const all = [
        ...claims.map((name) => termsOf(`${namespace}/${name}`, () => readClaimTerms(client, namespace, name))),
        ...storageClasses.map((name) => termsOf(name, () => readClassTerms(client, name))),
      ];
      return all.includes('pending') ? 'pending' : all.flatMap((terms) => (terms === 'pending' ? [] : terms));
    },
  };
}
