// Flow: from objects of a cluster (nodes, volumes, claims, storage classes, a pod) to the zones of a plan, against
// kube-scheduler's rules written once more from Kubernetes' documentation, in schedulable.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countZones, fitsNode } from '../../../extender/deferral/node-fit.ts';
import { podSpec, requirementsOf } from '../../../extender/deferral/pod-requirements.ts';
import { createVolumeZones } from '../../../extender/deferral/volume-zones.ts';
import { readNode } from '../../../extender/deferral/watch-nodes.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { type Cluster, whyNot } from './schedulable.ts';

const AZ = 'topology.kubernetes.io/zone';
const OLD_AZ = 'failure-domain.beta.kubernetes.io/zone';
const NAMES = ['n0', 'n1', 'n2', 'n3', 'n4'] as const;
const KEYS = ['disk', 'cores', AZ] as const;
const TEXTS = ['a', 'b', '4', '8', '16', '8c'] as const;
const text = fc.constantFrom(...TEXTS);
const texts = fc.subarray([...TEXTS], { minLength: 1, maxLength: 4 });
const key = fc.constantFrom(...KEYS);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: texts }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  fc.record({ key, operator: fc.constantFrom('Gt', 'Lt'), values: fc.constantFrom(['4'], ['8'], ['15']) }),
);
const field = fc.record({
  key: fc.constant('metadata.name'),
  operator: fc.constantFrom('In', 'NotIn'),
  values: fc.constantFrom(...NAMES).map((name) => [name]),
});
const term = fc.record(
  { matchExpressions: fc.array(expression, { maxLength: 2 }), matchFields: fc.array(field, { maxLength: 1 }) },
  { requiredKeys: [] },
);
const terms = fc.array(term, { minLength: 1, maxLength: 3 });
const effect = fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule');
const taint = fc.record({ key, value: text, effect }, { requiredKeys: ['key', 'effect'] });
const toleration = fc.oneof(
  fc.record({ key, operator: fc.constant('Exists'), effect }, { requiredKeys: ['operator'] }),
  fc.record({ key, operator: fc.constant('Equal'), value: text, effect }, { requiredKeys: ['key'] }),
  fc.record(
    { key, operator: fc.constantFrom('Gt', 'Lt'), value: fc.constantFrom('4', '8'), effect },
    { requiredKeys: ['key', 'operator', 'value'] },
  ),
  fc.constant({ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }),
);
const cpu = fc.constantFrom('0', '250m', '1', '1500m', '2');
const memory = fc.constantFrom('0', '512Mi', '1Gi', '2000000k');
const gpus = fc.constantFrom('0', '1', '2');
const amounts = fc.record({ cpu, memory, 'example.com/gpu': gpus }, { requiredKeys: [] });
const resources = fc.record({ requests: amounts }, { requiredKeys: [] });

const anyNode = fc.record({
  labels: fc.dictionary(fc.constantFrom(...KEYS, OLD_AZ), text, { maxKeys: 3 }),
  taints: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(taint, { maxLength: 2 }) },
  ),
  unschedulable: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  allocatable: fc.record(
    {
      cpu: fc.constantFrom('2', '3900m', '8'),
      memory: fc.constantFrom('1Gi', '2000000Ki', '8Gi'),
      pods: fc.constantFrom('110', '110', '110', '0'),
      'example.com/gpu': fc.constantFrom('1', '4'),
    },
    { requiredKeys: ['cpu', 'memory', 'pods'] },
  ),
  zone: fc.constantFrom('DE', 'FR', 'PL', 'SE', undefined),
});
const volume = fc.record({
  labels: fc.dictionary(fc.constantFrom(AZ, OLD_AZ), fc.constantFrom('a', 'a__b', '4', '__'), { maxKeys: 1 }),
  terms: optional(terms),
  storage: fc.constantFrom('1Gi', '10Gi'),
  accessModes: fc.subarray(['ReadWriteOnce', 'ReadOnlyMany'], { minLength: 1 }),
  taken: fc.boolean(),
});
const CLAIMS = ['bound', 'topologies', 'local', 'ephemeral', 'default-class'] as const;
const claim = fc.constantFrom(...CLAIMS);
const anyCluster = fc.record({
  nodes: fc.array(anyNode, { minLength: 1, maxLength: NAMES.length }),
  volumes: fc.array(volume, { minLength: 1, maxLength: 3 }),
  topologies: fc.array(fc.array(fc.record({ key, values: texts }), { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
});
const anyPod = fc.record({
  nodeName: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
  ),
  nodeSelector: optional(fc.dictionary(key, text, { maxKeys: 1 })),
  terms: optional(terms),
  tolerations: optional(fc.array(toleration, { maxLength: 3 })),
  containers: fc.array(
    resources.map((given) => ({ resources: given })),
    { minLength: 1, maxLength: 2 },
  ),
  initContainers: optional(
    fc.array(fc.record({ resources, restartPolicy: fc.constant('Always') }, { requiredKeys: ['resources'] }), {
      maxLength: 2,
    }),
  ),
  overhead: optional(fc.constant({ cpu: '250m' })),
  claims: fc.oneof(
    { weight: 1, arbitrary: fc.constant<(typeof CLAIMS)[number][]>([]) },
    { weight: 1, arbitrary: fc.array(claim, { maxLength: 2 }) },
  ),
});

type Generated<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never;

/** The objects of a random cluster, as the API server returns them. */
function objectsOf(given: Generated<typeof anyCluster>): Cluster {
  const claimOf = (spec: object) => ({
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
  });
  return {
    nodes: given.nodes.map(({ labels, taints, unschedulable, allocatable }, index) => ({
      metadata: { name: NAMES[index] ?? '', labels },
      spec: { taints, ...(unschedulable && { unschedulable }) },
      status: { allocatable },
    })),
    volumes: given.volumes.map(({ labels, terms: required, storage, accessModes, taken }, index) => ({
      metadata: { name: `pv-${index}`, labels },
      spec: {
        ...{ storageClassName: 'local', capacity: { storage }, accessModes },
        ...(required && { nodeAffinity: { required: { nodeSelectorTerms: required } } }),
        ...(taken && { claimRef: { namespace: 'elsewhere', name: 'theirs' } }),
      },
    })),
    claims: {
      bound: claimOf({ volumeName: 'pv-0', storageClassName: 'local' }),
      topologies: claimOf({ storageClassName: 'zonal' }),
      local: claimOf({ storageClassName: 'local' }),
      'default-class': claimOf({}),
    },
    classes: {
      zonal: {
        provisioner: 'disks.example.com',
        volumeBindingMode: 'WaitForFirstConsumer',
        ...(given.topologies.length > 0 && {
          allowedTopologies: given.topologies.map((matchLabelExpressions) => ({ matchLabelExpressions })),
        }),
      },
      local: { provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' },
    },
  };
}

function podOf({ terms: required, claims, ...spec }: Generated<typeof anyPod>) {
  return {
    ...spec,
    ...(required && {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: required } } },
    }),
    volumes: claims.map((name) =>
      name === 'ephemeral'
        ? { ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'zonal' } } } }
        : { persistentVolumeClaim: { claimName: name } },
    ),
  };
}

/** The zones that the product sees, read from the objects by the API server's paths. */
async function zonesOfPlan(cluster: Cluster, spec: object, zoneOf: (node: string) => Zone | undefined) {
  const found = new AbortController();
  const volumes = createVolumeZones({
    client: { request: (_method, path) => Promise.resolve(structuredClone(read(cluster, path))) as Promise<never> },
    clock: systemClock,
    onFound: () => found.abort(),
  });
  const requirements = requirementsOf(podSpec.parse(spec));
  let selectors = volumes.selectorsOf('batch', requirements);
  while (selectors === 'pending') {
    await new Promise(setImmediate);
    selectors = volumes.selectorsOf('batch', requirements);
  }
  const all = { ...requirements, selectors: [...requirements.selectors, ...selectors] };
  const usable = cluster.nodes.map(readNode).filter((node) => fitsNode(all, node));
  return new Set(countZones(usable, zoneOf).keys());
}

function read({ volumes, claims, classes }: Cluster, path: string): unknown {
  const [, of, name = ''] = /(persistentvolumeclaims|persistentvolumes|storageclasses)(?:\/([^?]+))?/.exec(path) ?? [];
  if (of === 'persistentvolumeclaims') return claims[name];
  if (of === 'storageclasses') return classes[name];
  return name === '' ? { metadata: {}, items: volumes } : volumes.find(({ metadata }) => metadata.name === name);
}

describe('the zones of a plan', () => {
  it('are those of nodes that kube-scheduler could choose, in random clusters', async () => {
    const seen = new Map<string, number>();

    await fc.assert(
      fc.asyncProperty(anyCluster, anyPod, async (given, wanted) => {
        const cluster = objectsOf(given);
        const spec = podOf(wanted);
        const zoneOf = (name: string) => given.nodes[NAMES.indexOf(name as 'n0')]?.zone as Zone | undefined;
        const reasons = cluster.nodes.map((node) => whyNot(cluster, spec, node));
        for (const reason of reasons) seen.set(reason ?? 'fits', (seen.get(reason ?? 'fits') ?? 0) + 1);

        const zones = await zonesOfPlan(cluster, spec, zoneOf);

        const schedulable = given.nodes.filter((_node, index) => reasons[index] === undefined);
        expect(zones).toEqual(new Set(schedulable.map(({ zone }) => zone)));
      }),
      { numRuns: 3_000 },
    );

    // Every rule has decided in some of the clusters, and some nodes were fit.
    const rules = ['fits', 'node name', 'cordon', 'taint', 'node selector', 'node affinity', 'resources', 'volume'];
    expect(rules.filter((rule) => (seen.get(rule) ?? 0) < 50)).toEqual([]);
  });
});
