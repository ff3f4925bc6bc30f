// Random clusters whose pods have rules about each other, as the API server takes them.
import fc from 'fast-check';
import type { PeerNode, PeerPod, PeerWorld } from './schedulable-peers.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const NODES = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'] as const;
const topologyKey = fc.constantFrom(ZONE, ZONE, HOST, 'rack');
const app = fc.constantFrom('web', 'db');
const optional = <Value>(value: fc.Arbitrary<Value>, freq = 2) => fc.option(value, { nil: undefined, freq });
const rarely = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const selector = fc.oneof(
  { weight: 5, arbitrary: fc.record({ matchLabels: fc.record({ app }) }) },
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record({
      matchExpressions: fc.constantFrom(
        [{ key: 'app', operator: 'In', values: ['web', 'db'] }],
        [{ key: 'app', operator: 'NotIn', values: ['web'] }],
        [{ key: 'app', operator: 'Exists' }],
        [{ key: 'app', operator: 'DoesNotExist' }],
      ),
    }),
  },
);
const namespaceNames = fc.constantFrom([], ['batch'], ['shop'], ['batch', 'shop']);
const namespaceSelector = fc.constantFrom({}, { matchLabels: { team: 'data' } }, { matchLabels: { team: 'none' } });
const term = fc
  .record({
    topologyKey,
    labelSelector: optional(selector, 9),
    namespaces: rarely(namespaceNames),
    namespaceSelector: rarely(namespaceSelector),
    keys: fc.constantFrom({}, {}, {}, { matchLabelKeys: ['tier'] }, { mismatchLabelKeys: ['tier'] }),
  })
  // Keys without a selector are not valid.
  .map(({ keys, ...rest }) => ({ ...rest, ...(rest.labelSelector && keys) }));
const required = fc
  .array(term, { minLength: 1, maxLength: 2 })
  .map((terms) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms }));
const constraint = fc
  .record({
    topologyKey,
    maxSkew: fc.integer({ min: 1, max: 2 }),
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway'),
    minDomains: rarely(fc.integer({ min: 1, max: 4 })),
    labelSelector: optional(selector, 9),
    matchLabelKeys: rarely(fc.constant(['tier'])),
    nodeAffinityPolicy: rarely(fc.constantFrom('Honor', 'Ignore')),
    nodeTaintsPolicy: rarely(fc.constantFrom('Honor', 'Ignore')),
  })
  .map(({ minDomains, matchLabelKeys, ...rest }) => ({
    ...rest,
    ...(rest.whenUnsatisfiable === 'DoNotSchedule' && { minDomains }),
    ...(rest.labelSelector && { matchLabelKeys }),
  }));
const port = fc.record({
  hostPort: fc.constantFrom(8080, 9090),
  protocol: rarely(fc.constantFrom('TCP', 'UDP')),
  hostIP: rarely(fc.constantFrom('10.0.0.1', '10.0.0.2', '0.0.0.0')),
});
const labels = fc.record({ app, tier: fc.constantFrom('a', 'b') }, { requiredKeys: [] });
const namespace = fc.constantFrom('batch', 'batch', 'shop');

const anyNode = fc.record({
  labels: fc.record(
    { [ZONE]: fc.constantFrom('z1', 'z2', 'z3'), rack: fc.constantFrom('r1', 'r2'), hostname: fc.constant(true) },
    { requiredKeys: [] },
  ),
  isTainted: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const anyBound = fc.record({
  namespace,
  labels,
  node: fc.nat(NODES.length - 1),
  isTerminating: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  antiAffinity: rarely(required),
  ports: rarely(port.map((each) => [each])),
});
const anyWaiting = fc.record({
  namespace: fc.constant('batch'),
  labels,
  affinity: rarely(required),
  antiAffinity: rarely(required),
  spread: optional(
    fc.uniqueArray(constraint, {
      minLength: 1,
      maxLength: 2,
      selector: (each) => `${each.topologyKey} ${each.whenUnsatisfiable}`,
    }),
  ),
  ports: rarely(port.map((each) => [each])),
  nodeSelector: rarely(fc.constantFrom({ [ZONE]: 'z1' }, { rack: 'r1' })),
  tolerates: fc.boolean(),
});

/** A pod that waits with the cluster that it would be put into. */
export const anyPeers: fc.Arbitrary<{ readonly world: PeerWorld; readonly pod: PeerPod }> = fc
  .record({
    nodes: fc.array(anyNode, { minLength: 2, maxLength: NODES.length }),
    bound: fc.array(anyBound, { maxLength: 7 }),
    waiting: anyWaiting,
  })
  .map(({ nodes, bound, waiting }) => {
    const { namespace: own, spread: topologySpreadConstraints, nodeSelector, tolerates, affinity, ...rest } = waiting;
    const pod: PeerPod = {
      metadata: { namespace: own, labels: rest.labels },
      spec: clean({
        ...{ nodeSelector, topologySpreadConstraints },
        ...(tolerates && { tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
        affinity: { podAffinity: affinity, podAntiAffinity: rest.antiAffinity },
        containers: [containerWith(rest.ports)],
      }),
    };
    const pods = bound.map(
      ({ namespace: theirs, labels: each, node, isTerminating, antiAffinity, ports }): PeerPod => ({
        metadata: {
          ...{ namespace: theirs, labels: each },
          ...(isTerminating && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
        },
        spec: clean({
          nodeName: NODES[node % nodes.length] ?? 'n0',
          affinity: { podAntiAffinity: antiAffinity },
          containers: [containerWith(ports)],
        }),
      }),
    );
    const namespaces = {
      batch: { 'kubernetes.io/metadata.name': 'batch', team: 'data' },
      shop: { 'kubernetes.io/metadata.name': 'shop' },
    };
    return { world: { nodes: nodes.map(nodeOf), pods, namespaces }, pod };
  });

function nodeOf({ labels: { hostname, ...others }, isTainted }: Generated<typeof anyNode>, index: number): PeerNode {
  const name = NODES[index] ?? 'n0';
  return {
    metadata: { name, labels: clean({ ...others, ...(hostname && { [HOST]: name }) }) },
    spec: { taints: isTainted ? [{ key: 'gpu', effect: 'NoSchedule' }] : [] },
  };
}

type Generated<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never;

function containerWith(ports: readonly { readonly hostPort: number }[] | undefined) {
  const all = ports?.map((each) => ({ containerPort: each.hostPort, ...each }));
  return { name: 'main', image: 'none.example/app:1', ports: all };
}

/** Without members that are undefined, as JSON has it. */
function clean<Value>(value: Value): never {
  return JSON.parse(JSON.stringify(value)) as never;
}
