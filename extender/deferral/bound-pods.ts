import { type LabelSelector, type Labels, matchesLabels, own } from './label-selector.ts';
import type { HostPort, PeerTerm, PodPeers } from './pod-peers.ts';

/** A pod that has a node. */
export interface PlacedPod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly node: string;
  readonly isTerminating: boolean;
  readonly peers: PodPeers | undefined;
}

/** Pods that do not differ but in their nodes. */
export interface BoundGroup {
  readonly namespace: string;
  readonly labels: Labels;
  readonly isTerminating: boolean;
  readonly antiAffinity: readonly PeerTerm[];
  readonly hostPorts: readonly HostPort[];
  /** Pods by node. */
  readonly nodes: ReadonlyMap<string, number>;
}

/** Of the pod that waits: what others select it by. */
export interface PodIdentity {
  readonly namespace: string;
  readonly labels: Labels;
  /** UID of the Job whose pods it is about: those that run already are not others. */
  readonly uid?: string;
  /** Pods of its kind that wait for the same start; default 1. */
  readonly together?: number;
}

/** A required anti-affinity of pods that run. */
export interface Repulsion {
  readonly id: number;
  readonly term: PeerTerm;
  readonly group: BoundGroup;
}

/** The pods that have a node, as of one look. */
export interface BoundPods {
  /** Groups that a term selects; `of` is the namespace of the pod that has it. */
  selectedBy(term: Omit<PeerTerm, 'topologyKey'>, of: string): readonly BoundGroup[];
  /** Whether a term selects a pod. */
  selects(term: PeerTerm, of: string, pod: PodIdentity): boolean;
  /** Anti-affinities of pods that run against this one. */
  repelling(pod: PodIdentity): readonly Repulsion[];
  readonly withPorts: readonly BoundGroup[];
  /** Whether pods of this Job run. */
  runs(uid: string): boolean;
}

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const NONE: readonly Repulsion[] = [];

/** Whether a group is of the Job itself. */
export function isOwnGroup(group: BoundGroup, { uid }: PodIdentity): boolean {
  return uid !== undefined && own(group.labels, CONTROLLER_UID) === uid;
}

/** Indexes groups of pods with the labels of their namespaces; of an unknown namespace only its name is known. */
export function indexBoundPods(groups: readonly BoundGroup[], namespaces: ReadonlyMap<string, Labels>): BoundPods {
  const byNamespace = Map.groupBy(groups, ({ namespace }) => namespace);
  const labelsOf = (name: string) => namespaces.get(name) ?? { 'kubernetes.io/metadata.name': name };
  const includes = (term: Omit<PeerTerm, 'topologyKey'>, of: string, namespace: string) =>
    term.namespaces === undefined
      ? namespace === of
      : term.namespaces.includes(namespace) || matchesLabels(term.namespaceSelector, labelsOf(namespace));
  const selects = (term: PeerTerm, of: string, { namespace, labels }: PodIdentity) =>
    includes(term, of, namespace) && matchesLabels(term.selector, labels);
  const select = createLabelIndex(byNamespace);
  const repulsions = indexRepulsions(groups);
  const uids = new Set(groups.flatMap(({ labels }) => own(labels, CONTROLLER_UID) ?? []));
  return {
    selectedBy: (term, of) =>
      (term.namespaces === undefined
        ? [of]
        : [...byNamespace.keys()].filter((name) => includes(term, of, name))
      ).flatMap((name) => select(name, term.selector)),
    selects,
    repelling(pod) {
      if (repulsions.size === 0) return NONE;
      const found = ['', ...Object.entries(pod.labels).map(([key, value]) => `${key}=${value}`)].flatMap((label) =>
        [pod.namespace, ''].flatMap((namespace) => repulsions.get(`${namespace}/${label}`) ?? NONE),
      );
      return found.filter(({ term, group }) => !isOwnGroup(group, pod) && selects(term, group.namespace, pod));
    },
    withPorts: groups.filter(({ hostPorts }) => hostPorts.length > 0),
    runs: (uid) => uids.has(uid),
  };
}

/** Groups pods one by one, so that a large cluster is read without a long pause. */
export function createPodGroups(): { add(pod: PlacedPod): void; all(): readonly BoundGroup[] } {
  const groups = new Map<string, BoundGroup & { readonly nodes: Map<string, number> }>();
  return {
    add({ namespace, labels, node, isTerminating, peers }) {
      const { antiAffinity = [], hostPorts = [] } = peers ?? {};
      const key = JSON.stringify([namespace, labels, isTerminating, antiAffinity, hostPorts]);
      const group = groups.get(key) ?? { namespace, labels, isTerminating, antiAffinity, hostPorts, nodes: new Map() };
      groups.set(key, group);
      group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
    },
    all: () => [...groups.values()],
  };
}

/** Finds groups of a namespace by a selector; those of one label's value are found without looking at the others. */
function createLabelIndex(byNamespace: ReadonlyMap<string, readonly BoundGroup[]>) {
  const byLabel = new Map<string, ReadonlyMap<string | undefined, readonly BoundGroup[]>>();
  return (namespace: string, selector: LabelSelector): readonly BoundGroup[] => {
    const groups = byNamespace.get(namespace) ?? [];
    const exact = selector?.find(({ operator }) => operator === 'In');
    if (exact === undefined) return groups.filter(({ labels }) => matchesLabels(selector, labels));
    const name = `${namespace}/${exact.key}`;
    const index = byLabel.get(name) ?? Map.groupBy(groups, ({ labels }) => own(labels, exact.key));
    byLabel.set(name, index);
    const found = [...new Set(exact.values)].flatMap((value) => index.get(value) ?? []);
    return found.filter(({ labels }) => matchesLabels(selector, labels));
  };
}

/** Anti-affinities by the namespace that they are about (none: several) and a label that they require (none: several). */
function indexRepulsions(groups: readonly BoundGroup[]): ReadonlyMap<string, readonly Repulsion[]> {
  const index = new Map<string, Repulsion[]>();
  let id = 0;
  for (const group of groups)
    for (const term of group.antiAffinity) {
      const repulsion = { id: id++, term, group };
      const exact = term.selector?.find(({ operator }) => operator === 'In');
      const labels = exact ? [...new Set(exact.values)].map((value) => `${exact.key}=${value}`) : [''];
      for (const label of labels) {
        const key = `${term.namespaces === undefined ? group.namespace : ''}/${label}`;
        const known = index.get(key);
        if (known) known.push(repulsion);
        else index.set(key, [repulsion]);
      }
    }
  return index;
}
