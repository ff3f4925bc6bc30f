import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ClusterObjects, DemoObject } from './cluster-objects.ts';

const TIMEOUT_MS = 5_000;
/** Pods that fit on a node: further ones go to the next best, as resources would make them. */
const PODS_PER_NODE = 6;

const scores = z.array(z.object({ Host: z.string(), Score: z.number() }));

/**
 * What kube-scheduler does with one pending pod: send its candidates to the extender's webhook and bind it to the node
 * with the best score that has room, among equals to the one with the fewest pods. Returns false while the webhook does not respond.
 */
export async function schedulePod(
  objects: ClusterObjects,
  pod: DemoObject,
  webhook: string,
  clock: Clock,
): Promise<boolean> {
  const nodes = objects.all('nodes').map(({ metadata }) => metadata.name);
  const body = JSON.stringify({ Pod: pod, Nodes: null, NodeNames: nodes });
  const headers = { 'Content-Type': 'application/json' };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${webhook}/prioritize`, { method: 'POST', headers, body, signal }).catch(
    () => undefined,
  );
  const parsed = scores.safeParse(await response?.json().catch(() => undefined));
  if (!parsed.success) return false;
  const load = Map.groupBy(running(objects), ({ spec }) => String(spec?.nodeName ?? ''));
  const podsOn = (node: string) => load.get(node)?.length ?? 0;
  const isFull = (node: string) => Number(podsOn(node) >= PODS_PER_NODE);
  // A node outside the zones that a pod asks for scores nothing: rather a full one than that.
  const isUnwanted = (score: number) => Number(score === 0);
  const [best] = parsed.data.sort(
    (a, b) =>
      isUnwanted(a.Score) - isUnwanted(b.Score) ||
      isFull(a.Host) - isFull(b.Host) ||
      b.Score - a.Score ||
      podsOn(a.Host) - podsOn(b.Host),
  );
  if (best === undefined) return false;
  const status = { phase: 'Pending', since: new Date(clock.now()).toISOString() };
  objects.put('pods', { ...pod, spec: { ...pod.spec, nodeName: best.Host }, status });
  return true;
}

/** Pods that are bound to a node and have not finished. */
export function running(objects: ClusterObjects): readonly DemoObject[] {
  return objects
    .all('pods')
    .filter(({ spec, status }) => spec?.nodeName !== undefined && status?.phase !== 'Succeeded');
}

/** Pods that wait for the scheduler: not bound, and behind no scheduling gate. */
export function schedulable(objects: ClusterObjects): readonly DemoObject[] {
  return objects.all('pods').filter(({ spec, status }) => {
    const gates = spec?.schedulingGates;
    return spec?.nodeName === undefined && status?.phase === 'Pending' && !(Array.isArray(gates) && gates.length > 0);
  });
}
