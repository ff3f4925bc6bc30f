import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { podSpec, quantityOf, requirementsOf } from '../deferral/pod-requirements.ts';
import { watchCollection } from '../kubernetes/collection.ts';

/** Nodes of which so much is requested that they are not preferred any more. */
export interface NodeUtilisation {
  /** Names of the nodes above the limit. Empty without a limit, and until nodes and pods have been listed. */
  readonly above: ReadonlySet<string>;
}

/** Where no limit is set. */
export const NO_UTILISATION_LIMIT: NodeUtilisation = { above: new Set() };

/** Amounts in millionths of a CPU and in bytes: whole numbers, of which no sum is rounded. */
interface Amounts {
  readonly cpu: number;
  readonly memory: number;
}

/** What a pod requests of the node that it is bound to. */
interface BoundRequests extends Amounts {
  readonly node: string;
}

const MICRO = 1e6;
const NONE: Amounts = { cpu: 0, memory: 0 };
/** Pods that have ended hold nothing. */
const HOLDING = 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed';

const boundPod = z.object({ spec: podSpec.extend({ nodeName: z.string() }) });
const nodeObject = z.object({
  status: z.object({ allocatable: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/**
 * Follows what the pods of each node request. A node is above the limit when they request more than `limitPercent` of its
 * allocatable CPU or of its allocatable memory; exactly at the limit it is not. Keeps about 150 bytes for each pod of the
 * cluster, which is why there is no such watch without a limit.
 */
export function watchNodeUtilisation(
  client: KubernetesClient,
  { limitPercent, clock, logger }: { limitPercent: number; clock: Clock; logger: Logger },
): NodeUtilisation & AsyncDisposable {
  const allocatable = new Map<string, Amounts>();
  const requested = new Map<string, Amounts>();
  const above = new Set<string>();
  const weigh = (node: string) => {
    if (isAbove(requested.get(node) ?? NONE, allocatable.get(node), limitPercent)) above.add(node);
    else above.delete(node);
  };
  const add = ({ node, cpu, memory }: BoundRequests, sign: 1 | -1) => {
    const before = requested.get(node) ?? NONE;
    const sum = { cpu: before.cpu + sign * cpu, memory: before.memory + sign * memory };
    if (sum.cpu === 0 && sum.memory === 0) requested.delete(node);
    else requested.set(node, sum);
    weigh(node);
  };
  const nodes = watchCollection<Amounts>({
    ...{ client, clock, logger, path: '/api/v1/nodes' },
    keep: (object) => amountsOf(nodeObject.parse(object).status?.allocatable ?? {}, quantityOf),
    onChange(node, now) {
      if (now === undefined) allocatable.delete(node);
      else allocatable.set(node, now);
      weigh(node);
    },
  });
  const pods = watchCollection<BoundRequests>({
    ...{ client, clock, logger, path: '/api/v1/pods', fieldSelector: HOLDING },
    keep(object) {
      const { spec } = boundPod.parse(object);
      return { node: spec.nodeName, ...amountsOf(requirementsOf(spec).requests, Number) };
    },
    onChange(_pod, now, before) {
      if (before !== undefined) add(before, -1);
      if (now !== undefined) add(now, 1);
    },
  });
  return {
    above,
    async [Symbol.asyncDispose]() {
      await Promise.all([nodes[Symbol.asyncDispose](), pods[Symbol.asyncDispose]()]);
    },
  };
}

function amountsOf<Text>(amounts: Readonly<Record<string, Text>>, read: (text: Text) => number): Amounts {
  const of = (name: string) => (name in amounts ? read(amounts[name] as Text) : 0);
  return { cpu: Math.round(of('cpu') * MICRO), memory: Math.round(of('memory')) };
}

/** A node that does not say what it can give is not above anything. */
function isAbove(requested: Amounts, allocatable: Amounts | undefined, limitPercent: number): boolean {
  if (allocatable === undefined) return false;
  const exceeds = (amount: number, whole: number) => whole > 0 && amount * 100 > whole * limitPercent;
  return exceeds(requested.cpu, allocatable.cpu) || exceeds(requested.memory, allocatable.memory);
}
