// Which node kube-scheduler would refuse to a pod because of other pods and why, written from Kubernetes' documentation
// (inter-pod affinity, topology spread constraints, host ports), pod by pod, without any code of the product. Held against a
// real kube-scheduler in test/cluster/peers.test.ts.

type Texts = Readonly<Record<string, string>>;
interface Selector {
  readonly matchLabels?: Texts;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: string[];
  }[];
}
interface Term {
  readonly topologyKey: string;
  readonly labelSelector?: Selector;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: Selector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}
interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains?: number;
  readonly whenUnsatisfiable: string;
  readonly labelSelector?: Selector;
  readonly matchLabelKeys?: readonly string[];
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
}
/** A pod object, as far as it matters among others. */
export interface PeerPod {
  readonly metadata: { readonly namespace: string; readonly labels: Texts; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly nodeSelector?: Texts;
    readonly tolerations?: readonly { readonly key: string; readonly operator: string }[];
    readonly affinity?: {
      readonly podAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution: readonly Term[] };
      readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution: readonly Term[] };
    };
    readonly topologySpreadConstraints?: readonly Constraint[];
    readonly containers: readonly {
      readonly ports?: readonly { readonly hostPort: number; readonly protocol?: string; readonly hostIP?: string }[];
    }[];
  };
}
/** A node object, as far as it matters here. */
export interface PeerNode {
  readonly metadata: { readonly name: string; readonly labels: Texts };
  readonly spec: { readonly taints: readonly { readonly key: string; readonly effect: string }[] };
}
/** Objects of a cluster; labels of namespaces by their names. */
export interface PeerWorld {
  readonly nodes: readonly PeerNode[];
  readonly pods: readonly PeerPod[];
  readonly namespaces: Readonly<Record<string, Texts>>;
}

/** The rule by which a node is refused to a pod; undefined where the pod could be put on it. */
export function whyNotAmong(world: PeerWorld, pod: PeerPod, node: PeerNode): string | undefined {
  if (!isInSelector(pod, node)) return 'node selector';
  if (node.spec.taints.some(({ key, effect }) => effect !== 'PreferNoSchedule' && !tolerates(pod, key))) return 'taint';
  if (portsClash(world, pod, node)) return 'port';
  for (const constraint of pod.spec.topologySpreadConstraints ?? [])
    if (constraint.whenUnsatisfiable === 'DoNotSchedule' && !keepsSkew(world, pod, constraint, node)) return 'spread';
  const repelled = world.pods.some((other) =>
    antiTerms(other).some(
      (term) => sharesPlace(world, other, node, term.topologyKey) && picks(world, other, term, pod),
    ),
  );
  if (repelled) return 'repelled';
  const repels = antiTerms(pod).some((term) =>
    world.pods.some((other) => sharesPlace(world, other, node, term.topologyKey) && picks(world, pod, term, other)),
  );
  if (repels) return 'anti-affinity';
  return isAttracted(world, pod, node) ? undefined : 'affinity';
}

function antiTerms(pod: PeerPod): readonly Term[] {
  return pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function sharesPlace({ nodes }: PeerWorld, other: PeerPod, node: PeerNode, topologyKey: string): boolean {
  const place = nodes.find(({ metadata }) => metadata.name === other.spec.nodeName)?.metadata.labels[topologyKey];
  return place !== undefined && node.metadata.labels[topologyKey] === place;
}

/** "The term applies to the union of the namespaces listed and selected; null and empty mean this pod's namespace." */
function picks({ namespaces }: PeerWorld, owner: PeerPod, term: Term, other: PeerPod): boolean {
  const { namespace } = other.metadata;
  const isNamed =
    (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined
      ? namespace === owner.metadata.namespace
      : (term.namespaces ?? []).includes(namespace) ||
        (term.namespaceSelector !== undefined && selects(term.namespaceSelector, namespaces[namespace] ?? {}));
  const same = (keys: readonly string[], wanted: boolean) =>
    keys.every((key) => {
      const mine = owner.metadata.labels[key];
      return mine === undefined || (mine === other.metadata.labels[key]) === wanted;
    });
  const isMeant = term.labelSelector !== undefined && selects(term.labelSelector, other.metadata.labels);
  return isNamed && isMeant && same(term.matchLabelKeys ?? [], true) && same(term.mismatchLabelKeys ?? [], false);
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Texts): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of matchExpressions) {
    const has = key in labels;
    const isListed = has && values.includes(labels[key] ?? '');
    if (operator === 'In' ? !isListed : operator === 'NotIn' ? isListed : (operator === 'Exists') !== has) return false;
  }
  return true;
}

/** All terms must hold with pods that meet all of them; a group's first pod may go anywhere that has the labels. */
function isAttracted(world: PeerWorld, pod: PeerPod, node: PeerNode): boolean {
  const terms = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (terms.some(({ topologyKey }) => !(topologyKey in node.metadata.labels))) return false;
  const friends = world.pods.filter((other) => terms.every((term) => picks(world, pod, term, other)));
  if (terms.every((term) => friends.some((other) => sharesPlace(world, other, node, term.topologyKey)))) return true;
  const isSomewhere = friends.some((other) =>
    terms.some((term) => world.nodes.some((each) => sharesPlace(world, other, each, term.topologyKey))),
  );
  return !isSomewhere && terms.every((term) => picks(world, pod, term, pod));
}

function keepsSkew(world: PeerWorld, pod: PeerPod, constraint: Constraint, node: PeerNode): boolean {
  const { topologyKey, maxSkew, minDomains = 1, labelSelector, matchLabelKeys = [] } = constraint;
  if (!(topologyKey in node.metadata.labels)) return false;
  const isCounted = (each: PeerNode) => {
    const keys = (pod.spec.topologySpreadConstraints ?? [])
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule')
      .map((other) => other.topologyKey);
    if (keys.some((key) => !(key in each.metadata.labels))) return false;
    if (constraint.nodeAffinityPolicy !== 'Ignore' && !isInSelector(pod, each)) return false;
    const isRepelling = each.spec.taints.some(
      ({ key, effect }) => effect !== 'PreferNoSchedule' && !tolerates(pod, key),
    );
    return constraint.nodeTaintsPolicy !== 'Honor' || !isRepelling;
  };
  const isMeant = ({ metadata: { namespace, labels, deletionTimestamp } }: PeerPod) =>
    namespace === pod.metadata.namespace &&
    deletionTimestamp === undefined &&
    labelSelector !== undefined &&
    selects(labelSelector, labels) &&
    matchLabelKeys.every((key) => !(key in pod.metadata.labels) || labels[key] === pod.metadata.labels[key]);
  const keysOfSelector =
    Object.keys(labelSelector?.matchLabels ?? {}).length + (labelSelector?.matchExpressions ?? []).length;
  const isEverything = keysOfSelector === 0 && matchLabelKeys.every((key) => !(key in pod.metadata.labels));
  const counts = new Map<string, number>();
  for (const each of world.nodes.filter(isCounted)) {
    const running = world.pods.filter((other) => other.spec.nodeName === each.metadata.name && isMeant(other));
    const place = each.metadata.labels[topologyKey] ?? '';
    // A selector of everything counts nothing: so it is in kube-scheduler, and nowhere in the documentation.
    counts.set(place, (counts.get(place) ?? 0) + (isEverything ? 0 : running.length));
  }
  const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
  const here = counts.get(node.metadata.labels[topologyKey] ?? '') ?? 0;
  return here + (isMeant(pod) ? 1 : 0) - least <= maxSkew;
}

function isInSelector(pod: PeerPod, node: PeerNode): boolean {
  return Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels[key] === value);
}

function tolerates(pod: PeerPod, taint: string): boolean {
  return (pod.spec.tolerations ?? []).some(({ key }) => key === taint);
}

function portsClash({ pods }: PeerWorld, pod: PeerPod, node: PeerNode): boolean {
  const portsOf = ({ spec }: PeerPod) => spec.containers.flatMap(({ ports = [] }) => ports);
  const taken = pods.filter(({ spec }) => spec.nodeName === node.metadata.name).flatMap(portsOf);
  return portsOf(pod).some((mine) =>
    taken.some((theirs) => {
      const ips = new Set([mine.hostIP ?? '0.0.0.0', theirs.hostIP ?? '0.0.0.0']);
      const isSameIp = ips.size === 1 || ips.has('0.0.0.0');
      return isSameIp && mine.hostPort === theirs.hostPort && (mine.protocol ?? 'TCP') === (theirs.protocol ?? 'TCP');
    }),
  );
}
