// Which node kube-scheduler would refuse to a pod and why, written from Kubernetes' documentation (assigning pods to nodes,
// taints and tolerations, persistent volumes, storage classes, resource management), without any code of the product.

/** A requirement of a selector or a toleration, as in the API. */
interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}
/** A term of a node selector, as in the API. */
interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}
type Texts = Readonly<Record<string, string | undefined>>;
interface Resources {
  readonly resources?: { readonly requests?: Texts };
  readonly restartPolicy?: string;
}
interface Claim {
  readonly spec: {
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}
interface Volume {
  readonly metadata: { readonly name: string; readonly labels: Texts };
  readonly spec: {
    readonly nodeAffinity?: { readonly required: { readonly nodeSelectorTerms: readonly Term[] } };
    readonly capacity: { readonly storage: string };
    readonly accessModes: readonly string[];
    readonly claimRef?: object;
  };
}
interface StorageClass {
  readonly provisioner: string;
  readonly volumeBindingMode: string;
  readonly allowedTopologies?: readonly {
    readonly matchLabelExpressions: readonly { readonly key: string; readonly values: readonly string[] }[];
  }[];
}
/** A node object, as far as it matters here. */
interface Node {
  readonly metadata: { readonly name: string; readonly labels: Texts };
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status: { readonly allocatable: Texts };
}
/** Objects of a cluster; claims and classes by name. */
export interface Cluster {
  readonly nodes: readonly Node[];
  readonly volumes: readonly Volume[];
  readonly claims: Readonly<Record<string, Claim>>;
  readonly classes: Readonly<Record<string, StorageClass>>;
}
/** A pod's spec, as far as it matters here. */
interface PodSpec {
  readonly nodeName?: string | undefined;
  readonly nodeSelector?: Texts | undefined;
  readonly affinity?: {
    readonly nodeAffinity: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: { readonly nodeSelectorTerms: readonly Term[] };
    };
  };
  readonly tolerations?:
    | readonly {
        readonly key?: string;
        readonly operator?: string;
        readonly value?: string;
        readonly effect?: string;
      }[]
    | undefined;
  readonly containers: readonly Resources[];
  readonly initContainers?: readonly Resources[] | undefined;
  readonly overhead?: Texts | undefined;
  readonly volumes: readonly {
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly ephemeral?: { readonly volumeClaimTemplate: { readonly spec: { readonly storageClassName: string } } };
  }[];
}

/** The rule by which a node is refused to a pod; undefined where the pod could be put on it. */
export function whyNot(cluster: Cluster, pod: PodSpec, node: Node): string | undefined {
  const { name, labels } = node.metadata;
  if (pod.nodeName !== undefined && pod.nodeName !== name) return 'node name';
  for (const [key, value] of Object.entries(pod.nodeSelector ?? {})) if (labels[key] !== value) return 'node selector';
  const affinity = pod.affinity?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (affinity && !selects(affinity.nodeSelectorTerms, node)) return 'node affinity';
  const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec.unschedulable && !tolerates(pod, cordon)) return 'cordon';
  for (const taint of node.spec.taints)
    if (taint.effect !== 'PreferNoSchedule' && !tolerates(pod, taint)) return 'taint';
  for (const resource of ['cpu', 'memory', 'example.com/gpu'])
    if (effectiveRequest(pod, resource) > milli(node.status.allocatable[resource])) return 'resources';
  if (milli(node.status.allocatable.pods) < 1_000n) return 'resources';
  return pod.volumes.every((volume) => reaches(cluster, volume, node)) ? undefined : 'volume';
}

/** "If you specify multiple terms, the Pod can be scheduled if one of them is satisfied"; within one all must be. */
function selects(terms: readonly Term[], node: Node): boolean {
  return terms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const labelled = matchExpressions.filter(({ key = '', ...rest }) => meets(node.metadata.labels[key], rest));
    const named = matchFields.filter((field) => meets(node.metadata.name, field));
    return labelled.length === matchExpressions.length && named.length === matchFields.length;
  });
}

function meets(value: string | undefined, { operator, values = [] }: Requirement): boolean {
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  if (operator === 'NotIn') return !meets(value, { operator: 'In', values });
  if (value === undefined) return false;
  if (operator === 'In') return values.some((each) => each === value);
  return exceeds(value, operator, values[0]);
}

function exceeds(value: string | undefined, operator: string | undefined, limit: string | undefined): boolean {
  // Number, unlike parseInt, reads the whole text or nothing.
  const difference = Number(value ?? 'none') - Number(limit ?? 'none');
  return operator === 'Gt' ? difference > 0 : operator === 'Lt' && difference < 0;
}

function tolerates(pod: PodSpec, taint: Node['spec']['taints'][number]): boolean {
  for (const toleration of pod.tolerations ?? []) {
    const { operator = 'Equal' } = toleration;
    const sameKey = toleration.key === undefined ? operator === 'Exists' : toleration.key === taint.key;
    const sameEffect = toleration.effect === undefined || toleration.effect === taint.effect;
    const value =
      operator === 'Exists' ||
      (operator === 'Equal' && (toleration.value ?? '') === (taint.value ?? '')) ||
      ((operator === 'Gt' || operator === 'Lt') && exceeds(taint.value, operator, toleration.value));
    if (sameKey && sameEffect && value) return true;
  }
  return false;
}

/**
 * "The highest of any particular resource request defined on all init containers", with the sidecars started before it,
 * or the sum of all containers and sidecars, whichever is more; and the overhead. In thousandths.
 */
function effectiveRequest(pod: PodSpec, resource: string): bigint {
  const of = ({ resources }: Resources) => milli(resources?.requests?.[resource]);
  let sidecars = 0n;
  let peak = 0n;
  for (const init of pod.initContainers ?? []) {
    if (init.restartPolicy === 'Always') sidecars += of(init);
    else if (sidecars + of(init) > peak) peak = sidecars + of(init);
  }
  const running = pod.containers.reduce((sum, container) => sum + of(container), sidecars);
  return (running > peak ? running : peak) + milli(pod.overhead?.[resource]);
}

/** A quantity of the few notations that the random clusters use, in thousandths. */
function milli(quantity: string | undefined): bigint {
  const [, digits = '0', unit = ''] = /^(\d+)(m|k|Ki|Mi|Gi)?$/.exec(quantity ?? '0') ?? [];
  const unitInMilli = { m: 1n, '': 1_000n, k: 1_000_000n, Ki: 1_024_000n, Mi: 1_048_576_000n, Gi: 1_073_741_824_000n };
  return BigInt(digits) * unitInMilli[unit as 'm'];
}

function reaches(cluster: Cluster, volume: PodSpec['volumes'][number], node: Node): boolean {
  const claim = cluster.claims[volume.persistentVolumeClaim?.claimName ?? '']?.spec;
  if (claim?.volumeName) {
    const bound = cluster.volumes.find(({ metadata }) => metadata.name === claim.volumeName);
    return bound !== undefined && isReachable(bound, node) && isInItsZone(bound, node);
  }
  const storageClass =
    cluster.classes[claim?.storageClassName ?? volume.ephemeral?.volumeClaimTemplate.spec.storageClassName ?? ''];
  if (!storageClass) return true;
  if (storageClass.provisioner === 'kubernetes.io/no-provisioner') {
    return cluster.volumes.some(
      (free) =>
        free.spec.claimRef === undefined &&
        claim !== undefined &&
        claim.accessModes.every((mode) => free.spec.accessModes.includes(mode)) &&
        milli(free.spec.capacity.storage) >= milli(claim.resources.requests.storage) &&
        isReachable(free, node),
    );
  }
  const topologies = storageClass.allowedTopologies ?? [];
  const allowed = topologies.filter(({ matchLabelExpressions }) =>
    matchLabelExpressions.every(({ key, values }) => values.some((value) => node.metadata.labels[key] === value)),
  );
  return topologies.length === 0 || allowed.length > 0;
}

function isReachable({ spec: { nodeAffinity } }: Volume, node: Node): boolean {
  return nodeAffinity === undefined || selects(nodeAffinity.required.nodeSelectorTerms, node);
}

/** Volumes of older drivers carry their zone as a label; `a__b` is in both, and a node without such labels reaches all. */
function isInItsZone({ metadata: { labels } }: Volume, node: Node): boolean {
  const newer = node.metadata.labels['topology.kubernetes.io/zone'];
  const older = node.metadata.labels['failure-domain.beta.kubernetes.io/zone'];
  if (newer === undefined && older === undefined) return true;
  const isIn = (zones: string | undefined, zone: string | undefined) =>
    zones === undefined || zones === '__' || (zone !== undefined && zones.split('__').includes(zone));
  return (
    isIn(labels['topology.kubernetes.io/zone'], newer) &&
    isIn(labels['failure-domain.beta.kubernetes.io/zone'], older ?? newer)
  );
}
