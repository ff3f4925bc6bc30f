import { z } from 'zod';
import { type LabelSelector, type Labels, labelSelector, own } from './label-selector.ts';
import type { NodeSelectorTerm } from './node-selector.ts';

const keys = z.array(z.string()).nullish();
const affinityTerm = z.object({
  topologyKey: z.string(),
  labelSelector: labelSelector.nullish(),
  namespaces: keys,
  namespaceSelector: labelSelector.nullish(),
  matchLabelKeys: keys,
  mismatchLabelKeys: keys,
});

/** Required affinity to pods, or anti-affinity, as in the API; preferences are not read. */
export const podAffinity = z
  .object({ requiredDuringSchedulingIgnoredDuringExecution: z.array(affinityTerm).nullish() })
  .nullish();

/** A topology spread constraint, as in the API. */
export const spreadConstraint = z.object({
  topologyKey: z.string(),
  maxSkew: z.number(),
  minDomains: z.number().nullish(),
  whenUnsatisfiable: z.string().nullish(),
  labelSelector: labelSelector.nullish(),
  matchLabelKeys: keys,
  nodeAffinityPolicy: z.string().nullish(),
  nodeTaintsPolicy: z.string().nullish(),
});

/** A port of a container, as in the API. */
export const hostPort = z.object({
  hostPort: z.number().nullish(),
  hostIP: z.string().nullish(),
  protocol: z.string().nullish(),
});

/** Pods that a required affinity or anti-affinity is about, and the node label that says what is one place. */
export interface PeerTerm {
  readonly topologyKey: string;
  readonly selector: LabelSelector;
  /** Undefined: the namespace of the pod that has the term. */
  readonly namespaces: readonly string[] | undefined;
  /** Further namespaces, by their labels; undefined: none. */
  readonly namespaceSelector: LabelSelector;
}

/** How evenly pods must be spread over the values of a node label. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** With fewer places than that the least number of pods in one counts as 0. */
  readonly minDomains: number;
  readonly selector: LabelSelector;
  /** Whether only nodes count that the pod's node selector and affinity allow, and only those whose taints it tolerates. */
  readonly honors: { readonly affinity: boolean; readonly taints: boolean };
}

/** A port of the node itself. */
export interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly ip: string;
}

/** What a pod requires of where other pods are. */
export interface PodPeers {
  readonly affinity: readonly PeerTerm[];
  readonly antiAffinity: readonly PeerTerm[];
  readonly spread: readonly SpreadConstraint[];
  readonly hostPorts: readonly HostPort[];
  /** Its required node affinity, without what its volumes require: spreading counts nodes by it. */
  readonly nodeTerms: readonly (readonly NodeSelectorTerm[])[];
}

/** The parts of a pod's spec that depend on other pods. */
export interface PeerSpec {
  readonly affinity?:
    | {
        readonly nodeAffinity?:
          | { readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeTerms | null | undefined }
          | null
          | undefined;
        readonly podAffinity?: z.output<typeof podAffinity>;
        readonly podAntiAffinity?: z.output<typeof podAffinity>;
      }
    | null
    | undefined;
  readonly topologySpreadConstraints?: readonly z.output<typeof spreadConstraint>[] | null | undefined;
  readonly containers?: readonly PortsSpec[] | null | undefined;
  readonly initContainers?: readonly PortsSpec[] | null | undefined;
}

interface NodeTerms {
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
}

interface PortsSpec {
  readonly restartPolicy?: string | null | undefined;
  readonly ports?: readonly z.output<typeof hostPort>[] | null | undefined;
}

/** What a pod with these labels requires of where others are; undefined where nothing. */
export function peersOf(spec: PeerSpec, labels: Labels): PodPeers | undefined {
  const termsOf = (affinity: z.output<typeof podAffinity>) =>
    (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => termOf(term, labels));
  const affinity = termsOf(spec.affinity?.podAffinity);
  const antiAffinity = termsOf(spec.affinity?.podAntiAffinity);
  const spread = (spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway')
    .map((constraint) => constraintOf(constraint, labels));
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const hostPorts = [...(spec.containers ?? []), ...sidecars].flatMap(portsOf);
  const all = affinity.length + antiAffinity.length + spread.length + hostPorts.length;
  if (all === 0) return undefined;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const nodeTerms = required && spread.length > 0 ? [required.nodeSelectorTerms] : [];
  return { affinity, antiAffinity, spread, hostPorts, nodeTerms };
}

function termOf(term: z.output<typeof affinityTerm>, labels: Labels): PeerTerm {
  const { topologyKey, namespaces, namespaceSelector } = term;
  const isOwn = (namespaces ?? []).length === 0 && !namespaceSelector;
  return {
    topologyKey,
    selector: withLabels(term.labelSelector, term, labels),
    namespaces: isOwn ? undefined : (namespaces ?? []),
    namespaceSelector: namespaceSelector ?? undefined,
  };
}

function constraintOf(constraint: z.output<typeof spreadConstraint>, labels: Labels): SpreadConstraint {
  const { topologyKey, maxSkew, minDomains, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  return {
    ...{ topologyKey, maxSkew, minDomains: minDomains ?? 1 },
    selector: withLabels(constraint.labelSelector, constraint, labels),
    honors: { affinity: nodeAffinityPolicy !== 'Ignore', taints: nodeTaintsPolicy === 'Honor' },
  };
}

/** A selector with the pod's own values of some labels. The API server writes them into pods, but not into templates. */
function withLabels(
  selector: LabelSelector | null,
  keys: {
    readonly matchLabelKeys?: string[] | null | undefined;
    readonly mismatchLabelKeys?: string[] | null | undefined;
  },
  labels: Labels,
): LabelSelector {
  if (!selector) return undefined;
  const valued = (names: readonly string[] | null | undefined, operator: string) =>
    (names ?? []).flatMap((key) => {
      const value = own(labels, key);
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  return [...selector, ...valued(keys.matchLabelKeys, 'In'), ...valued(keys.mismatchLabelKeys, 'NotIn')];
}

function portsOf({ ports }: PortsSpec): HostPort[] {
  return (ports ?? []).flatMap(({ hostPort: port, protocol, hostIP }) =>
    port ? [{ port, protocol: protocol || 'TCP', ip: hostIP || '0.0.0.0' }] : [],
  );
}
