import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';

/** What adds the gate to work that may wait, as the API server has it; `unknown` before it was asked, and where it does not say. */
export type GatePresence = 'policy' | 'webhook' | 'none' | 'unknown';

const GROUP = '/apis/admissionregistration.k8s.io';
const CHECK_MS = 60_000;

/** Follows whether the cluster has our admission policy or our webhook. Logs once when it has neither. */
export function watchGatePresence(options: {
  readonly client: KubernetesClient;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): AsyncDisposable & { presence(): GatePresence } {
  const { client, name, clock, logger } = options;
  let presence: GatePresence = 'unknown';
  const task = async () => {
    const found = await findGate(client, name).catch(() => 'unknown' as const);
    if (found === 'none' && presence !== 'none')
      logger.warn(
        { code: 'NO_GATE', name },
        'the cluster has neither the admission policy nor the webhook that gates work: work that may wait starts at once',
      );
    presence = found;
  };
  const checking = startLoop({ name: 'gate presence', intervalMs: CHECK_MS, clock, logger, task });
  return { presence: () => presence, [Symbol.asyncDispose]: () => checking[Symbol.asyncDispose]() };
}

async function findGate(client: KubernetesClient, name: string): Promise<GatePresence> {
  for (const version of ['v1', 'v1beta1'])
    if (await exists(client, `${GROUP}/${version}/mutatingadmissionpolicies/${name}`)) return 'policy';
  return (await exists(client, `${GROUP}/v1/mutatingwebhookconfigurations/${name}`)) ? 'webhook' : 'none';
}

async function exists(client: KubernetesClient, path: string): Promise<boolean> {
  try {
    await client.request('GET', path);
    return true;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return false;
    throw error;
  }
}
