import { z } from 'zod';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { controllerOf, type OwnerReference, ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';

/** The topmost owner of a pod: the piece of work that it is part of. */
export interface Origin {
  readonly uid: string;
  readonly createdAt: EpochMs;
}

/** Finds the origins of pods whose owners are not watched. */
export interface Origins {
  /** The origin of what an owner owns; `pending` while it is being read, undefined where it cannot be known. */
  of(namespace: string, owner: OwnerReference): Origin | 'pending' | undefined;
}

/** Kinds of `apps/v1` that own pods, by their plural; a ReplicaSet leads on to its Deployment. */
const PLURALS: Readonly<Record<string, string>> = {
  ReplicaSet: 'replicasets',
  StatefulSet: 'statefulsets',
  Deployment: 'deployments',
};
// Names and owners only.
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io, application/json';
const MOST_REMEMBERED = 10_000;
/** After a failure the owner is read again no sooner than this. */
const RETRY_MS = 5_000;

const ownerObject = z.object({
  metadata: z.object({ uid: z.string(), creationTimestamp: z.iso.datetime({ offset: true }), ownerReferences }),
});

/** Reads owners when they are first needed, and remembers them. `onFound` is called after each. */
export function createOrigins(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly onFound: () => void;
}): Origins {
  const { client, clock, onFound } = options;
  const known = new Map<string, Origin | undefined>();
  const reading = new Map<string, number>();
  return {
    of(namespace, owner) {
      const uid = owner.uid ?? '';
      if (!isReadable(owner) || uid === '') return undefined;
      if (known.has(uid)) return known.get(uid);
      const triedAt = reading.get(uid);
      if (triedAt !== undefined && clock.monotonic() - triedAt < RETRY_MS) return 'pending';
      reading.set(uid, clock.monotonic());
      readOrigin(client, namespace, owner).then(
        (origin) => {
          if (known.size >= MOST_REMEMBERED) known.clear();
          known.set(uid, origin);
          reading.delete(uid);
          onFound();
        },
        (error) => {
          // Gone or not allowed: no later attempt will know more. Anything else is tried again.
          if (!(error instanceof KubernetesError && (error.status === 404 || error.status === 403))) return;
          known.set(uid, undefined);
          reading.delete(uid);
          onFound();
        },
      );
      return 'pending';
    },
  };
}

/** Reads the topmost owner above a pod; undefined for kinds that it cannot read. Rejects where the API server does not have or allow it. */
export async function readOrigin(
  client: Pick<KubernetesClient, 'request'>,
  namespace: string,
  owner: OwnerReference,
): Promise<Origin | undefined> {
  if (!isReadable(owner)) return undefined;
  const { kind, name } = owner;
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${PLURALS[kind]}/${encodeURIComponent(name)}`;
  const { metadata } = ownerObject.parse(await client.request('GET', path, undefined, METADATA));
  const above = controllerOf(metadata.ownerReferences);
  const top = above && (await readOrigin(client, namespace, above));
  return top ?? { uid: metadata.uid, createdAt: Date.parse(metadata.creationTimestamp) };
}

function isReadable({ apiVersion, kind }: OwnerReference): boolean {
  return kind in PLURALS && (apiVersion ?? 'apps/v1').startsWith('apps/');
}
