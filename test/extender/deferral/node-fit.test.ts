import { describe, expect, it } from 'vitest';
import { countZones, fitsNode, type SchedulableNode } from '../../../extender/deferral/node-fit.ts';
import {
  type PodRequirements,
  podSpec,
  quantityOf,
  requirementsOf,
} from '../../../extender/deferral/pod-requirements.ts';
import { zone } from '../../../shared/grid/zones.ts';

const node = (given: Partial<SchedulableNode> = {}): SchedulableNode => ({
  name: 'n1',
  labels: { 'topology.kubernetes.io/zone': 'az-1', disk: 'ssd', cores: '16' },
  ...{ taints: [], unschedulable: false, allocatable: { cpu: 4, memory: 8 * 2 ** 30, pods: 110 } },
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
    [
      'by a limit of the pod as a whole only where no container requests any',
      { resources: { limits: { cpu: '5' } }, containers: [requesting('1')] },
      node(),
      true,
    ],
    [
      'not by the limit of the pod as a whole',
      { resources: { limits: { cpu: '5' } }, containers: [{}] },
      node(),
      false,
    ],
    ['not one that takes no pods', {}, node({ allocatable: { cpu: 4 } }), false],
    ['not another than the one that it names', { nodeName: 'n2' }, node(), false],
    ['that it names itself', { nodeName: 'n1' }, node(), true],
    [
      'not where a label is no whole number',
      affinity(expression('cores', 'Gt', ['8'])),
      node({ labels: { cores: '16c' } }),
      false,
    ],
    ['by a label like a property of every object', affinity(expression('constructor', 'Exists')), node(), false],
    [
      'not by a comparison that its taint does not hold',
      { tolerations: [{ key: 'sla', operator: 'Gt', value: '5' }] },
      node({ taints: [{ key: 'sla', value: '5', effect: 'NoSchedule' }] }),
      false,
    ],
    [
      'by a comparison that its taint holds',
      { tolerations: [{ key: 'sla', operator: 'Gt', value: '5' }] },
      node({ taints: [{ key: 'sla', value: '6', effect: 'NoSchedule' }] }),
      true,
    ],
    ['not by its limits alone', { containers: [{ resources: { limits: { 'nvidia.com/gpu': 1 } } }] }, node(), false],
  ])('%s', (_what, spec, on, expected) => {
    expect(fitsNode(pod(spec), on)).toBe(expected);
  });

  it('by quantities as Kubernetes writes them', () => {
    expect(['250m', '1.5Gi', '16Ki', '2e3', '1k', '2u', '3', 'nonsense', '1ki'].map(quantityOf)).toEqual([
      ...[0.25, 1.5 * 2 ** 30, 16_384, 2_000, 1_000, 2e-6, 3, 0, 0],
    ]);
  });
});

describe('the zones of a plan', () => {
  it('count their nodes, and those without a zone apart', () => {
    const nodes = ['a', 'b', 'c'].map((name) => node({ name }));
    const zoneOf = (name: string) => (name === 'c' ? undefined : zone('FR'));

    expect([...countZones(nodes, zoneOf)]).toEqual([
      ['FR', 2],
      [undefined, 1],
    ]);
  });
});
