import { describe, expect, it } from 'vitest';
import { createPodGroups, indexBoundPods, type PodIdentity } from '../../../extender/deferral/bound-pods.ts';
import type { Labels } from '../../../extender/deferral/label-selector.ts';
import { peersOf } from '../../../extender/deferral/pod-peers.ts';
import { podSpec, requirementsOf } from '../../../extender/deferral/pod-requirements.ts';
import { createZoneFinder } from '../../../extender/deferral/usable-zones.ts';
import { readNode } from '../../../extender/deferral/watch-nodes.ts';
import type { Zone } from '../../../shared/grid/zones.ts';

const AZ = 'topology.kubernetes.io/zone';
const WEB = { app: 'web' };
/** Two nodes in France, one in Germany, one in Poland that has no label of a zone. */
const NODES = [
  ['fr-1', 'FR', { [AZ]: 'fr' }],
  ['fr-2', 'FR', { [AZ]: 'fr' }],
  ['de-1', 'DE', { [AZ]: 'de' }],
  ['pl-1', 'PL', {}],
] as const;

interface Given {
  readonly pods?: readonly { node: string; labels?: Labels; namespace?: string; ends?: true; spec?: object }[];
  readonly spec?: object;
  readonly labels?: Labels;
  readonly uid?: string;
}

function finderOf(pods: Given['pods'] = []) {
  const groups = createPodGroups();
  for (const { node, labels = WEB, namespace = 'shop', ends = false, spec = {} } of pods)
    groups.add({ namespace, labels, node, isTerminating: ends, peers: peersOf(podSpec.parse(spec), labels) });
  const index = indexBoundPods(groups.all(), new Map([['data', { team: 'data' }]]));
  const nodes = NODES.map(([name, , labels]) =>
    readNode({
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
      status: { allocatable: { pods: '10' } },
    }),
  );
  return createZoneFinder({
    nodes: new Map(nodes.map((node) => [node.name, node])),
    zoneOf: (name) => NODES.find(([each]) => each === name)?.[1] as Zone | undefined,
    use: { of: () => undefined, pods: () => index },
  });
}

/** `FR 2` where two nodes of France can be used, and so on. */
function zonesOf({ pods, spec = {}, labels = WEB, uid }: Given): string[] {
  const self: PodIdentity = { namespace: 'shop', labels, ...(uid && { uid }) };
  const { zones } = finderOf(pods).zonesFor(requirementsOf(podSpec.parse(spec), labels), self);
  return [...zones].map(([zone, nodes]) => `${zone} ${nodes}`);
}

const ALL = ['FR 2', 'DE 1', 'PL 1'];
const required = (...terms: object[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms });
const byApp = (app: string) => ({ labelSelector: { matchLabels: { app } } });
const near = (...terms: object[]) => ({ affinity: { podAffinity: required(...terms) } });
const apart = (...terms: object[]) => ({ affinity: { podAntiAffinity: required(...terms) } });
const host = { topologyKey: 'kubernetes.io/hostname', ...byApp('web') };
const zone = { topologyKey: AZ, ...byApp('web') };
const spread = (more: object = {}) => ({
  topologySpreadConstraints: [{ ...zone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...more }],
});
const port = (hostPort: number, more: object = {}) => ({ containers: [{ ports: [{ hostPort, ...more }] }] });
const KEY = 'batch.kubernetes.io/controller-uid';

describe('the zones that a pod can use beside others', () => {
  it.each<[string, Given, string[]]>([
    ['all, without rules', { pods: [{ node: 'fr-1' }] }, ALL],

    ['affinity: where such a pod is', { spec: near(zone), pods: [{ node: 'fr-1' }] }, ['FR 2']],
    ['affinity by node', { spec: near(host), pods: [{ node: 'fr-1' }] }, ['FR 1']],
    ['affinity: anywhere with the label, for the first of its kind', { spec: near(zone) }, ['FR 2', 'DE 1']],
    ['affinity: nowhere, before those that it wants are there', { spec: near(zone), labels: { app: 'db' } }, []],
    [
      'affinity: pods that meet all terms only',
      {
        spec: near(zone, { topologyKey: AZ, ...byApp('db') }),
        pods: [{ node: 'fr-1' }, { node: 'fr-1', labels: { app: 'db' } }],
      },
      [],
    ],
    [
      'affinity: not to a pod on a node without the label',
      { spec: near(zone), pods: [{ node: 'pl-1' }] },
      ['FR 2', 'DE 1'],
    ],
    ['affinity: to pods that end, too', { spec: near(zone), pods: [{ node: 'de-1', ends: true }] }, ['DE 1']],
    [
      'affinity: not across namespaces',
      { spec: near(zone), labels: {}, pods: [{ node: 'de-1', namespace: 'data' }] },
      [],
    ],
    [
      'affinity: to named namespaces, and then not to its own',
      { spec: near({ ...zone, namespaces: ['data'] }), pods: [{ node: 'de-1', namespace: 'data' }, { node: 'fr-1' }] },
      ['DE 1'],
    ],
    [
      'affinity: to namespaces by label',
      {
        spec: near({ ...zone, namespaceSelector: { matchLabels: { team: 'data' } } }),
        pods: [{ node: 'de-1', namespace: 'data' }, { node: 'fr-1' }],
      },
      ['DE 1'],
    ],
    [
      'affinity: to every namespace by an empty selector, also to one without known labels',
      { spec: near({ ...zone, namespaceSelector: {} }), pods: [{ node: 'de-1', namespace: 'unknown' }] },
      ['DE 1'],
    ],
    [
      'affinity: within its own value of a label',
      {
        spec: near({ ...zone, matchLabelKeys: ['rev'] }),
        labels: { ...WEB, rev: '2' },
        pods: [
          { node: 'fr-1', labels: { ...WEB, rev: '1' } },
          { node: 'de-1', labels: { ...WEB, rev: '2' } },
        ],
      },
      ['DE 1'],
    ],

    ['anti-affinity: not where such a pod is', { spec: apart(zone), pods: [{ node: 'fr-1' }] }, ['DE 1', 'PL 1']],
    ['anti-affinity by node', { spec: apart(host), pods: [{ node: 'fr-1' }, { node: 'de-1' }] }, ['FR 1', 'PL 1']],
    [
      'anti-affinity: nowhere once each node has one',
      { spec: apart(host), pods: NODES.map(([node]) => ({ node })) },
      [],
    ],
    [
      'anti-affinity: a missing selector selects none',
      { spec: apart({ topologyKey: AZ }), pods: [{ node: 'fr-1' }] },
      ALL,
    ],
    [
      'anti-affinity: only to other values of a label',
      {
        spec: apart({ ...zone, mismatchLabelKeys: ['tenant'] }),
        labels: { ...WEB, tenant: 'a' },
        pods: [
          { node: 'fr-1', labels: { ...WEB, tenant: 'b' } },
          { node: 'de-1', labels: { ...WEB, tenant: 'a' } },
        ],
      },
      ['DE 1', 'PL 1'],
    ],
    [
      'preferences: all',
      {
        spec: { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } },
        pods: [{ node: 'fr-1' }],
      },
      ALL,
    ],

    [
      'anti-affinity of others against it',
      { pods: [{ node: 'fr-1', labels: { app: 'db' }, spec: apart(zone) }] },
      ['DE 1', 'PL 1'],
    ],
    [
      'not that of others against others',
      { pods: [{ node: 'fr-1', spec: apart({ topologyKey: AZ, ...byApp('db') }) }] },
      ALL,
    ],
    ['not that of another namespace', { pods: [{ node: 'fr-1', namespace: 'data', spec: apart(zone) }] }, ALL],
    [
      'that of another namespace that means every one',
      { pods: [{ node: 'fr-1', namespace: 'data', spec: apart({ ...zone, namespaceSelector: {} }) }] },
      ['DE 1', 'PL 1'],
    ],
    [
      'that of others by an expression',
      {
        pods: [
          {
            node: 'de-1',
            spec: apart({ topologyKey: AZ, labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }),
          },
        ],
      },
      ['FR 2', 'PL 1'],
    ],
    [
      'not that of its own Job’s pods, which will have ended',
      {
        uid: 'u1',
        labels: { ...WEB, [KEY]: 'u1' },
        spec: apart(zone),
        pods: [{ node: 'fr-1', labels: { ...WEB, [KEY]: 'u1' }, spec: apart(zone) }],
      },
      ALL,
    ],

    ['spread: where the skew is not exceeded', { spec: spread(), pods: [{ node: 'fr-1' }] }, ['DE 1']],
    ['spread: up to maxSkew', { spec: spread({ maxSkew: 2 }), pods: [{ node: 'fr-1' }] }, ['FR 2', 'DE 1']],
    [
      'spread: again everywhere once it is even',
      { spec: spread(), pods: [{ node: 'fr-1' }, { node: 'de-1' }] },
      ['FR 2', 'DE 1'],
    ],
    ['spread: pods that end do not count', { spec: spread(), pods: [{ node: 'fr-1', ends: true }] }, ['FR 2', 'DE 1']],
    [
      'spread: nor do those of other namespaces',
      { spec: spread(), pods: [{ node: 'fr-1', namespace: 'data' }] },
      ['FR 2', 'DE 1'],
    ],
    [
      'spread: a pod that it does not select adds nothing',
      { spec: spread(), labels: {}, pods: [{ node: 'fr-1' }] },
      ['FR 2', 'DE 1'],
    ],
    [
      'spread: with fewer places than minDomains the least counts as 0',
      { spec: spread({ minDomains: 3 }), pods: [{ node: 'fr-1' }, { node: 'de-1' }] },
      [],
    ],
    [
      'spread: with as many places as minDomains it does not',
      { spec: spread({ minDomains: 2 }), pods: [{ node: 'fr-1' }, { node: 'de-1' }] },
      ['FR 2', 'DE 1'],
    ],
    [
      'spread: places that the pod cannot use do not hold it up',
      { spec: { ...spread(), nodeSelector: { [AZ]: 'fr' } }, pods: [{ node: 'fr-1' }] },
      ['FR 2'],
    ],
    [
      'spread: unless they are to count',
      { spec: { ...spread({ nodeAffinityPolicy: 'Ignore' }), nodeSelector: { [AZ]: 'fr' } }, pods: [{ node: 'fr-1' }] },
      [],
    ],
    [
      'spread: a preference refuses nothing',
      { spec: spread({ whenUnsatisfiable: 'ScheduleAnyway' }), pods: [{ node: 'fr-1' }] },
      ALL,
    ],

    ['ports: not where one is taken', { spec: port(80), pods: [{ node: 'de-1', spec: port(80) }] }, ['FR 2', 'PL 1']],
    ['ports: another is free', { spec: port(81), pods: [{ node: 'de-1', spec: port(80) }] }, ALL],
    [
      'ports: of another protocol',
      { spec: port(80, { protocol: 'UDP' }), pods: [{ node: 'de-1', spec: port(80) }] },
      ALL,
    ],
    [
      'ports: on another address',
      { spec: port(80, { hostIP: '10.0.0.1' }), pods: [{ node: 'de-1', spec: port(80, { hostIP: '10.0.0.2' }) }] },
      ALL,
    ],
    [
      'ports: not on one address where all are taken',
      { spec: port(80, { hostIP: '10.0.0.1' }), pods: [{ node: 'de-1', spec: port(80) }] },
      ['FR 2', 'PL 1'],
    ],
    [
      'ports of sidecars',
      {
        spec: { initContainers: [{ restartPolicy: 'Always', ports: [{ hostPort: 80 }] }] },
        pods: [{ node: 'de-1', spec: port(80) }],
      },
      ['FR 2', 'PL 1'],
    ],
    [
      'ports of init containers are free again',
      { spec: { initContainers: [{ ports: [{ hostPort: 80 }] }] }, pods: [{ node: 'de-1', spec: port(80) }] },
      ALL,
    ],
    ['a label called like a property', { spec: near({ ...zone, topologyKey: 'constructor' }) }, []],
  ])('%s', (_what, given, expected) => {
    expect(zonesOf(given)).toEqual(expected);
  });

  it.each<[string, object, number, boolean]>([
    ['one pod', apart(zone), 1, false],
    ['two that must be in different zones', apart(zone), 2, true],
    ['as many as the zone with the fewest nodes has', apart(host), 1, false],
    ['more than that', apart(host), 2, true],
    ['that many in the only zone that they can use', { ...apart(host), nodeSelector: { [AZ]: 'fr' } }, 2, false],
    ['within the skew', spread({ maxSkew: 2 }), 2, false],
    ['beyond the skew', spread({ maxSkew: 2 }), 3, true],
    ['any number where all places are in one zone', { ...spread(), nodeSelector: { [AZ]: 'fr' } }, 9, false],
    ['two with the same port, one node in a zone', port(80), 2, true],
    ['rules about others only', apart({ topologyKey: AZ, ...byApp('db') }), 9, false],
    ['no rules', {}, 9, false],
  ])('say whether pods that start together must be split: %s', (_what, spec, together, expected) => {
    const pod = requirementsOf(podSpec.parse(spec), WEB);
    const { isSplit = false } = finderOf().zonesFor(pod, { namespace: 'shop', labels: WEB, together });

    expect(isSplit).toBe(expected);
  });

  it('are worked out once for pods that differ in nothing that matters', () => {
    const finder = finderOf([{ node: 'fr-1', spec: apart(host) }]);
    const zonesFor = (spec: object, labels: Labels) =>
      finder.zonesFor(requirementsOf(podSpec.parse(spec), labels), { namespace: 'shop', labels });

    expect(zonesFor({}, { run: '1' })).toBe(zonesFor({}, { run: '2' }));
    expect(zonesFor({}, { run: '1' })).not.toBe(zonesFor({}, WEB));
    const alone = (run: string) => apart({ topologyKey: AZ, labelSelector: { matchLabels: { run } } });
    expect(zonesFor(alone('1'), { run: '1' })).toBe(zonesFor(alone('2'), { run: '2' }));
  });

  it('are those of the nodes alone while the pods are not known, and then, too, worked out once', () => {
    const node = readNode({ metadata: { name: 'fr-1' }, status: { allocatable: { pods: '1' } } });
    const finder = createZoneFinder({
      nodes: new Map([['fr-1', node]]),
      zoneOf: () => 'FR' as Zone,
      use: { of: () => undefined, pods: () => undefined },
    });
    const zonesFor = (app: string) =>
      finder.zonesFor(requirementsOf(podSpec.parse(near({ ...zone, ...byApp(app) }))), {
        namespace: 'shop',
        labels: WEB,
      });

    expect([...zonesFor('web').zones]).toEqual([['FR', 1]]);
    expect(zonesFor('web')).toBe(zonesFor('db'));
  });
});
