import type { DemoObject } from './cluster-objects.ts';
import type { DemoJob, DemoNode, DemoService } from './demo-world.ts';

const PREFIX = 'carbon-extender.io/';
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** Annotation of the demo's pods that says how much power they draw; nothing but the simulated Kepler reads it. */
export const WATTS = 'demo.carbon-extender.io/watts';
/** Annotation of the demo's pods that says how long they run, in seconds; absent: for ever. */
export const RUNS_FOR = 'demo.carbon-extender.io/seconds';

/** A suffix as Kubernetes generates it; the same seed gives the same one. */
export function generatedSuffix(seed: string, length: number): string {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619) >>> 0;
  let suffix = '';
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    suffix += SAFE[(state >>> 16) % SAFE.length];
  }
  return suffix;
}

/** A node with the label that names its zone. */
export function nodeObject({ node, zone }: DemoNode): DemoObject {
  return { kind: 'Node', metadata: { name: node, labels: { [`${PREFIX}zone`]: zone } }, spec: {}, status: {} };
}

/** A namespace of its own name. */
export function namespaceObject(name: string): DemoObject {
  return { kind: 'Namespace', metadata: { name } };
}

/** Pod names of a service, one for each replica. */
export function replicaNames({ namespace, name, replicas }: DemoService): string[] {
  const hash = generatedSuffix(`${namespace}/${name}`, 10);
  return Array.from({ length: replicas }, (_, index) => `${name}-${hash}-${generatedSuffix(`${name}${index}`, 5)}`);
}

/** A pending pod of a service. */
export function servicePod(service: DemoService, podName: string): DemoObject {
  const { namespace, name, watts } = service;
  const replicaSet = podName.slice(0, podName.lastIndexOf('-'));
  return {
    kind: 'Pod',
    metadata: {
      ...{ name: podName, namespace, labels: { app: name, team: namespace.replace('simulated-', '') } },
      annotations: { [WATTS]: String(watts) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: replicaSet, controller: true },
      ],
    },
    spec: { schedulerName: 'carbon-aware-scheduler', containers: [{ name: 'app' }] },
    status: { phase: 'Pending' },
  };
}

/** A running pod of the DaemonSet that is on every node, whatever the scheduler does. */
export function agentPod({ node }: DemoNode, now: number): DemoObject {
  return {
    kind: 'Pod',
    metadata: {
      ...{ name: `log-agent-${generatedSuffix(node, 5)}`, namespace: 'simulated-platform' },
      labels: { app: 'log-agent', team: 'platform' },
      annotations: { [WATTS]: '3' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'log-agent', uid: 'log-agent', controller: true },
      ],
    },
    spec: { nodeName: node, containers: [{ name: 'agent' }] },
    status: { phase: 'Running', since: new Date(now).toISOString() },
  };
}

/** A Job; one that may wait is suspended until the deferral controller starts it. */
export function jobObject(job: DemoJob, name: string, createdAt: number): DemoObject {
  const { namespace, watts, hours, maxDelayHours, zones } = job;
  const waits = maxDelayHours !== undefined;
  const annotations = {
    [WATTS]: String(watts),
    [RUNS_FOR]: String(hours * 3600),
    ...(waits && { [`${PREFIX}max-delay`]: `${maxDelayHours}h`, [`${PREFIX}duration`]: `${hours}h` }),
    ...(zones !== undefined && { [`${PREFIX}zones`]: zones }),
  };
  return {
    kind: 'Job',
    metadata: {
      name,
      namespace,
      annotations,
      creationTimestamp: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
    spec: {
      suspend: waits,
      template: { metadata: { annotations }, spec: { schedulerName: 'carbon-aware-scheduler' } },
    },
    status: {},
  };
}

/** The pod that runs a Job. */
export function jobPod(job: DemoObject): DemoObject {
  const { name, namespace = '', uid = '', annotations = {} } = job.metadata;
  return {
    kind: 'Pod',
    metadata: {
      ...{ name: `${name}-${generatedSuffix(uid, 5)}`, namespace, annotations },
      labels: { app: name.replace(/-\d+$/, ''), team: namespace.replace('simulated-', '') },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
    },
    spec: { schedulerName: 'carbon-aware-scheduler', containers: [{ name: 'worker' }] },
    status: { phase: 'Pending' },
  };
}
