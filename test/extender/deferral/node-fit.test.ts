import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsNode, type SchedulableNode, usableZones } from '../../../extender/deferral/node-fit.ts';
import {
  type PodRequirements,
  podSpec,
  quantityOf,
  requirementsOf,
} from '../../../extender/deferral/pod-requirements.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';

const node = (given: Partial<SchedulableNode> = {}): SchedulableNode => ({
  name: 'n1',
  labels: { 'topology.kubernetes.io/zone': 'az-1', disk: 'ssd', cores: '16' },
  ...{ taints: [], unschedulable: false, allocatable: { cpu: 4, memory: 8 * 2 ** 30 } },
  ...given,
});
const pod = (spec: object = {}): PodRequirements => requirementsOf(podSpec.parse(spec));
const affinity = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (key: string, operator: string, values?: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});
const requesting = (cpu: string) => ({ resources: { requests: { cpu } } });
const sidecar = (cpu: string) => ({ ...requesting(cpu), restartPolicy: 'Always' });
const gpu = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

describe('a pod fits a node', () => {
  it.each([
    ['without requirements', {}, node(), true],
    ['with its label', { nodeSelector: { disk: 'ssd' } }, node(), true],
    ['not with another label', { nodeSelector: { disk: 'hdd' } }, node(), false],
    [
      'by one of several terms',
      affinity(expression('disk', 'In', ['hdd']), expression('cores', 'Gt', ['8'])),
      node(),
      true,
    ],
    ['not at the border of Gt', affinity(expression('cores', 'Gt', ['16'])), node(), false],
    ['not at the border of Lt', affinity(expression('cores', 'Lt', ['16'])), node(), false],
    ['where a label must not exist', affinity(expression('spot', 'DoesNotExist')), node(), true],
    ['where a label must not have a value', affinity(expression('disk', 'NotIn', ['ssd'])), node(), false],
    ['not by an empty term', affinity({}), node(), false],
    [
      'by its name',
      affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }),
      node(),
      true,
    ],
    ['not a cordoned one', {}, node({ unschedulable: true }), false],
    ['not a tainted one', {}, node({ taints: [gpu] }), false],
    ['a tainted one that it tolerates', { tolerations: [{ key: 'gpu', value: 'yes' }] }, node({ taints: [gpu] }), true],
    [
      'not with a toleration of another value',
      { tolerations: [{ key: 'gpu', value: 'no' }] },
      node({ taints: [gpu] }),
      false,
    ],
    [
      'not with a toleration of another effect',
      { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] },
      node({ taints: [gpu] }),
      false,
    ],
    [
      'with a toleration of everything',
      { tolerations: [{ operator: 'Exists' }] },
      node({ taints: [gpu], unschedulable: true }),
      true,
    ],
    ['whatever a taint would prefer', {}, node({ taints: [{ ...gpu, effect: 'PreferNoSchedule' }] }), true],
    ['that it fills exactly', { containers: [{ resources: { requests: { cpu: '4' } } }] }, node(), true],
    ['not one that is too small', { containers: [{ resources: { requests: { cpu: '4001m' } } }] }, node(), false],
    ['not by its init container', { initContainers: [{ resources: { requests: { memory: '9Gi' } } }] }, node(), false],
    ['not with its sidecar', { initContainers: [sidecar('2')], containers: [requesting('3')] }, node(), false],
    ['not with an init container behind a sidecar', { initContainers: [sidecar('2'), requesting('3')] }, node(), false],
    ['with an init container before a sidecar', { initContainers: [requesting('3'), sidecar('2')] }, node(), true],
    [
      'by what the pod requests as a whole',
      { resources: { requests: { cpu: '4' } }, containers: [requesting('1')] },
      node(),
      true,
    ],
    [
      'not by what the pod requests as a whole',
      { resources: { requests: { cpu: '5' } }, containers: [requesting('1')] },
      node(),
      false,
    ],
    ['not with its overhead', { overhead: { cpu: '1' }, containers: [requesting('3500m')] }, node(), false],
    ['not by its limits alone', { containers: [{ resources: { limits: { 'nvidia.com/gpu': 1 } } }] }, node(), false],
  ])('%s', (_what, spec, on, expected) => {
    expect(fitsNode(pod(spec), on)).toBe(expected);
  });

  it('by quantities as Kubernetes writes them', () => {
    expect(['250m', '1.5Gi', '2e3', '1k', '2u', '3', 'nonsense'].map(quantityOf)).toEqual([
      ...[0.25, 1.5 * 2 ** 30, 2_000, 1_000, 2e-6, 3, 0],
    ]);
  });
});

const KEYS = ['zone', 'disk', 'team'] as const;
const VALUES = ['a', 'b', 'c'] as const;
const EFFECTS = ['NoSchedule', 'NoExecute', 'PreferNoSchedule'] as const;
const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES));
const anyNode = fc.record({
  labels,
  taints: fc.array(
    fc.record({
      key: fc.constantFrom(...KEYS),
      value: fc.constantFrom(...VALUES),
      effect: fc.constantFrom(...EFFECTS),
    }),
    { maxLength: 2 },
  ),
  unschedulable: fc.boolean(),
  allocatable: fc.record({ cpu: fc.integer({ min: 0, max: 4 }) }),
  zone: fc.constantFrom('DE', 'FR', 'PL', undefined),
});
const anyPod = fc.record({
  nodeSelector: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 1 }),
  terms: fc.array(
    fc.array(
      fc.record({
        key: fc.constantFrom(...KEYS),
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
        values: fc.subarray([...VALUES], { minLength: 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    { maxLength: 2 },
  ),
  volumes: fc.array(fc.subarray([...VALUES], { minLength: 1 }), { maxLength: 1 }),
  tolerations: fc.array(
    fc.record({
      key: fc.constantFrom(...KEYS),
      operator: fc.constantFrom('Exists', 'Equal'),
      value: fc.constantFrom(...VALUES),
    }),
    { maxLength: 2 },
  ),
  cpu: fc.integer({ min: 0, max: 5 }),
});

describe('the zones of a plan', () => {
  it('are those of nodes that a scheduler could choose, in random clusters', () => {
    let seen = 0;
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 6 }), anyPod, (given, wanted) => {
        const nodes = given.map((each, index) => ({ ...each, name: `n${index}` }));
        const requirements: PodRequirements = {
          schedulerName: 'carbon-aware-scheduler',
          nodeSelector: wanted.nodeSelector,
          selectors: [
            ...(wanted.terms.length > 0 ? [wanted.terms.map((matchExpressions) => ({ matchExpressions }))] : []),
            ...wanted.volumes.map((values) => [{ matchExpressions: [{ key: 'zone', operator: 'In', values }] }]),
          ],
          tolerations: wanted.tolerations,
          requests: { cpu: wanted.cpu },
          claims: [],
        };
        const zoneOf = (name: string) => nodes.find((each) => each.name === name)?.zone as Zone | undefined;

        const zones = usableZones(requirements, nodes, zoneOf);

        const schedulable = new Set(nodes.filter((each) => canSchedule(wanted, each)).map((each) => each.zone));
        expect(new Set(zones.keys())).toEqual(schedulable);
        seen += zones.size;
      }),
      { numRuns: 2_000 },
    );

    expect(seen).toBeGreaterThan(100);
  });

  it('count their nodes, and those without a zone apart', () => {
    const nodes = ['a', 'b', 'c'].map((name) => node({ name }));
    const zoneOf = (name: string) => (name === 'c' ? undefined : zone('FR'));

    expect([...usableZones(pod(), nodes, zoneOf)]).toEqual([
      ['FR', 2],
      [undefined, 1],
    ]);
  });
});

/** kube-scheduler's rules once more, written for the small world above. */
function canSchedule(
  pod: {
    nodeSelector: Record<string, string>;
    terms: { key: string; operator: string; values: string[] }[][];
    volumes: string[][];
    tolerations: { key: string; operator: string; value: string }[];
    cpu: number;
  },
  node: {
    labels: Record<string, string>;
    taints: { key: string; value: string; effect: string }[];
    unschedulable: boolean;
    allocatable: { cpu: number };
  },
): boolean {
  const holds = ({ key, operator, values }: { key: string; operator: string; values: string[] }) => {
    const has = key in node.labels;
    const isOneOf = has && values.includes(node.labels[key] ?? '');
    return { In: isOneOf, NotIn: !isOneOf, Exists: has, DoesNotExist: !has }[operator];
  };
  const selected = Object.entries(pod.nodeSelector).every(([key, value]) => node.labels[key] === value);
  const preferred = pod.terms.length === 0 || pod.terms.some((term) => term.every(holds));
  const reachable = pod.volumes.every((values) => values.includes(node.labels.zone ?? ''));
  const tolerated = node.taints
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint) =>
      pod.tolerations.some(
        ({ key, operator, value }) => key === taint.key && (operator === 'Exists' || value === taint.value),
      ),
    );
  return selected && preferred && reachable && tolerated && !node.unschedulable && pod.cpu <= node.allocatable.cpu;
}
