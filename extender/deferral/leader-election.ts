import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';

/** Name of the Lease by which replicas agree on one controller. */
export const LEASE_NAME = 'carbon-extender-deferral';

/** One replica's part in the leader election. */
export interface Election extends AsyncDisposable {
  /** Acquires or renews the Lease; whether this replica holds it now. Rejects when the API server cannot be reached: then it does not. */
  hold(): Promise<boolean>;
}

/** The candidate, and how long a Lease is valid without being renewed. */
export interface ElectionOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly identity: string;
  readonly durationMs: number;
  readonly clock: Clock;
}

const leaseSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});
type Lease = z.output<typeof leaseSchema>;

/**
 * Takes part in the election of one controller. Another's Lease counts as expired when it has not changed for its
 * duration on this replica's clock, whatever time it contains: the clocks of two nodes may differ.
 */
export function joinElection(options: ElectionOptions): Election {
  const { client, namespace, identity, durationMs, clock } = options;
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${collection}/${LEASE_NAME}`;
  let seen: { readonly version: string; readonly at: number } | undefined;
  let held: Lease | undefined;
  const isFree = ({ metadata: { resourceVersion: version }, spec }: Lease): boolean => {
    if (!spec.holderIdentity || spec.holderIdentity === identity) return true;
    if (seen?.version !== version) seen = { version, at: clock.monotonic() };
    return clock.monotonic() - seen.at >= (spec.leaseDurationSeconds ?? 0) * 1_000;
  };
  const put = async (lease: Lease, holder: string): Promise<Lease> => {
    const value = leaseBody(options, lease, holder);
    return leaseSchema.parse(await client.request('PUT', path, { type: 'application/json', value }));
  };
  return {
    async hold() {
      held = undefined;
      try {
        const lease = await read(client, path);
        if (lease === undefined) {
          const value = leaseBody(options, undefined, identity);
          held = leaseSchema.parse(await client.request('POST', collection, { type: 'application/json', value }));
        } else if (isFree(lease)) held = await put(lease, identity);
      } catch (error) {
        // Another replica was faster.
        if (!(error instanceof KubernetesError && error.status === 409)) throw error;
      }
      return held !== undefined;
    },
    async [Symbol.asyncDispose]() {
      if (held === undefined || durationMs === 0) return;
      // Given back, so that the next replica need not wait for it to run out; if that fails, it runs out.
      await put(held, '').catch(() => undefined);
    },
  };
}

async function read(client: KubernetesClient, path: string): Promise<Lease | undefined> {
  try {
    return leaseSchema.parse(await client.request('GET', path));
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

function leaseBody(
  { namespace, identity, durationMs, clock }: ElectionOptions,
  before: Lease | undefined,
  holder: string,
) {
  const now = microTime(clock.now());
  const isSame = before?.spec.holderIdentity === identity;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LEASE_NAME, namespace, ...(before && { resourceVersion: before.metadata.resourceVersion }) },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1_000)),
      acquireTime: isSame ? (before?.spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before?.spec.leaseTransitions ?? 0) + (before === undefined || isSame ? 0 : 1),
    },
  };
}

/** Kubernetes' MicroTime. */
function microTime(time: number): string {
  return new Date(time).toISOString().replace('Z', '000Z');
}
