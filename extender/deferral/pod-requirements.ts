import { z } from 'zod';

const keyed = z.object({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).nullish(),
});
const term = z.object({ matchExpressions: z.array(keyed).nullish(), matchFields: z.array(keyed).nullish() });

/** Terms of a node selector: a node matches when it matches one of them. */
export const nodeSelectorTerms = z.object({ nodeSelectorTerms: z.array(term) });

const amounts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).nullish();
const container = z.object({ resources: z.object({ requests: amounts, limits: amounts }).nullish() });

/** The part of a pod's spec that decides which nodes it can run on. */
export const podSpec = z.object({
  schedulerName: z.string().nullish(),
  nodeSelector: z.record(z.string(), z.string()).nullish(),
  affinity: z
    .object({
      nodeAffinity: z.object({ requiredDuringSchedulingIgnoredDuringExecution: nodeSelectorTerms.nullish() }).nullish(),
    })
    .nullish(),
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
  volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).nullish() })).nullish(),
});

/** One term of a node selector: all of its expressions must hold. */
export type NodeSelectorTerm = z.output<typeof term>;
/** One toleration of a pod. */
export type Toleration = NonNullable<z.output<typeof podSpec>['tolerations']>[number];

/** What a pod requires of its node. */
export interface PodRequirements {
  /** Default `default-scheduler`. */
  readonly schedulerName: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Each of these lists must have a term that holds: the required node affinity, and one list per bound volume. */
  readonly selectors: readonly (readonly NodeSelectorTerm[])[];
  readonly tolerations: readonly Toleration[];
  /** Requested amounts by resource, in the resource's base unit (CPUs, bytes, pieces). */
  readonly requests: Readonly<Record<string, number>>;
  /** Names of its PersistentVolumeClaims, whose volumes may be bound to a zone. */
  readonly claims: readonly string[];
}

/** Reads the requirements of a pod, or of a Job's template. */
export function requirementsOf(spec: z.output<typeof podSpec>): PodRequirements {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return {
    schedulerName: spec.schedulerName ?? 'default-scheduler',
    nodeSelector: spec.nodeSelector ?? {},
    selectors: required ? [required.nodeSelectorTerms] : [],
    tolerations: spec.tolerations ?? [],
    requests: requestsOf(spec),
    claims: (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []),
  };
}

/** As kube-scheduler adds them up: the sum of the containers, or the largest init container, plus the overhead. */
function requestsOf({ containers, initContainers, overhead }: z.output<typeof podSpec>): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { resources } of containers ?? [])
    for (const [name, text] of Object.entries({ ...resources?.limits, ...resources?.requests }))
      total[name] = (total[name] ?? 0) + quantityOf(text);
  for (const { resources } of initContainers ?? [])
    for (const [name, text] of Object.entries({ ...resources?.limits, ...resources?.requests }))
      total[name] = Math.max(total[name] ?? 0, quantityOf(text));
  for (const [name, text] of Object.entries(overhead ?? {})) total[name] = (total[name] ?? 0) + quantityOf(text);
  return total;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity of Kubernetes (`250m`, `1.5Gi`, `2e3`) as a number in the base unit; 0 where it is not one. */
export function quantityOf(text: string): number {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)$/.exec(text.trim()) ?? [];
  const value = Number(number) * (SUFFIXES[suffix] ?? Number.NaN);
  return Number.isFinite(value) ? value : 0;
}
