import { z } from 'zod';
import type { Labels } from './label-selector.ts';
import { type NodeSelectorTerm, nodeSelectorTerms } from './node-selector.ts';
import { hostPort, type PodPeers, peersOf, podAffinity, spreadConstraint } from './pod-peers.ts';

const amounts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).nullish();
const resources = z.object({ requests: amounts, limits: amounts }).nullish();
const container = z.object({ resources, restartPolicy: z.string().nullish(), ports: z.array(hostPort).nullish() });

const volume = z.object({
  persistentVolumeClaim: z.object({ claimName: z.string() }).nullish(),
  ephemeral: z
    .object({ volumeClaimTemplate: z.object({ spec: z.object({ storageClassName: z.string().nullish() }) }).nullish() })
    .nullish(),
});

/** The part of a pod's spec that decides which nodes it can run on. */
export const podSpec = z.object({
  schedulerName: z.string().nullish(),
  nodeName: z.string().nullish(),
  nodeSelector: z.record(z.string(), z.string()).nullish(),
  affinity: z
    .object({
      nodeAffinity: z.object({ requiredDuringSchedulingIgnoredDuringExecution: nodeSelectorTerms.nullish() }).nullish(),
      podAffinity,
      podAntiAffinity: podAffinity,
    })
    .nullish(),
  topologySpreadConstraints: z.array(spreadConstraint).nullish(),
  tolerations: z
    .array(
      z.object({
        key: z.string().nullish(),
        operator: z.string().nullish(),
        value: z.string().nullish(),
        effect: z.string().nullish(),
      }),
    )
    .nullish(),
  containers: z.array(container).nullish(),
  initContainers: z.array(container).nullish(),
  overhead: amounts,
  resources,
  volumes: z.array(volume).nullish(),
});

/** One toleration of a pod. */
export type Toleration = NonNullable<z.output<typeof podSpec>['tolerations']>[number];

/** What a pod requires of its node. */
export interface PodRequirements {
  /** Default `default-scheduler`. */
  readonly schedulerName: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Each of these lists must have a term that holds: the node's name, the required node affinity, where volumes are. */
  readonly selectors: readonly (readonly NodeSelectorTerm[])[];
  readonly tolerations: readonly Toleration[];
  /** Requested amounts by resource, in the resource's base unit (CPUs, bytes, pieces); `pods` is 1. */
  readonly requests: Readonly<Record<string, number>>;
  /** Names of its PersistentVolumeClaims, whose volumes may be bound to a zone. */
  readonly claims: readonly string[];
  /** Storage classes of its ephemeral volumes, whose claims are made for each pod. */
  readonly storageClasses: readonly string[];
  /** What it requires of where other pods are; undefined for most pods. */
  readonly peers?: PodPeers;
}

/** Reads the requirements of a pod, or of a Job's template, with its labels. */
export function requirementsOf(spec: z.output<typeof podSpec>, labels: Labels = {}): PodRequirements {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const volumes = spec.volumes ?? [];
  const peers = peersOf(spec, labels);
  return {
    schedulerName: spec.schedulerName ?? 'default-scheduler',
    nodeSelector: spec.nodeSelector ?? {},
    selectors: [
      ...(spec.nodeName
        ? [[{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [spec.nodeName] }] }]]
        : []),
      ...(required ? [required.nodeSelectorTerms] : []),
    ],
    tolerations: spec.tolerations ?? [],
    requests: { ...requestsOf(spec), pods: 1 },
    claims: volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []),
    storageClasses: volumes.flatMap(({ ephemeral }) => ephemeral?.volumeClaimTemplate?.spec.storageClassName ?? []),
    ...(peers && { peers }),
  };
}

type Container = z.output<typeof container>;

/**
 * As kube-scheduler adds them up: the sum of the containers and sidecars, or the largest init container with the sidecars
 * that were started before it; where the pod itself requests something, that instead; plus the overhead. A limit of the pod
 * itself counts as its request only where no container requests any.
 */
function requestsOf(spec: z.output<typeof podSpec>): Record<string, number> {
  const sidecars: Record<string, number> = {};
  const largest: Record<string, number> = {};
  for (const init of spec.initContainers ?? []) {
    if (init.restartPolicy === 'Always') add(sidecars, ownRequests(init));
    else {
      const during = { ...sidecars };
      add(during, ownRequests(init));
      for (const [name, amount] of Object.entries(during)) largest[name] = Math.max(largest[name] ?? 0, amount);
    }
  }
  const total = { ...sidecars };
  for (const each of spec.containers ?? []) add(total, ownRequests(each));
  for (const [name, amount] of Object.entries(largest)) total[name] = Math.max(total[name] ?? 0, amount);
  for (const [name, limit] of Object.entries(amountsOf(spec.resources?.limits))) total[name] ??= limit;
  Object.assign(total, amountsOf(spec.resources?.requests));
  add(total, amountsOf(spec.overhead));
  return total;
}

/** What a container requests: a limit without a request is one, too. */
function ownRequests({ resources: own }: Pick<Container, 'resources'>): Record<string, number> {
  return amountsOf({ ...own?.limits, ...own?.requests });
}

function amountsOf(texts: z.output<typeof amounts>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, quantityOf(text)]));
}

function add(total: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(more)) total[name] = (total[name] ?? 0) + amount;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes (`250m`, `1.5Gi`, `2e3`) as a number in the base unit; 0 where it is not one. */
export function quantityOf(text: string): number {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkKMGTPE]?i?)$/.exec(text.trim()) ?? [];
  const value = Number(number) * (SUFFIXES[suffix] ?? Number.NaN);
  return Number.isFinite(value) ? value : 0;
}
