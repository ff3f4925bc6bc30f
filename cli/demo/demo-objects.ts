import { isoTime } from '../../shared/grid/units.ts';
import type { DemoObject } from './cluster-objects.ts';
import { DEMO_PAUSE, type DemoJob, type DemoNode, type DemoService } from './demo-world.ts';
import type { PausedRun } from './paused-jobs.ts';

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
  // As every kubelet reports it: where pods fit on no node, nothing can wait for one.
  const allocatable = { cpu: '15890m', memory: '60820180Ki', pods: '110' };
  return {
    kind: 'Node',
    metadata: { name: node, labels: { [`${PREFIX}zone`]: zone } },
    spec: {},
    status: { allocatable },
  };
}

/** A namespace of its own name. */
export function namespaceObject(name: string): DemoObject {
  return { kind: 'Namespace', metadata: { name } };
}

/** The admission policy of the manifests, by its name: the extender looks whether it is there. */
export function gatePolicy(): DemoObject {
  return { kind: 'MutatingAdmissionPolicy', metadata: { name: 'carbon-extender-gate' } };
}

/** Pod names of a service, one for each replica. */
export function replicaNames({ namespace, name, replicas, stateful }: DemoService): string[] {
  if (stateful) return Array.from({ length: replicas }, (_, index) => `${name}-${index}`);
  const hash = generatedSuffix(`${namespace}/${name}`, 10);
  return Array.from({ length: replicas }, (_, index) => `${name}-${hash}-${generatedSuffix(`${name}${index}`, 5)}`);
}

/** A pending pod of a service. */
export function servicePod(service: DemoService, podName: string): DemoObject {
  const { namespace, name, watts, stateful } = service;
  const owner = stateful
    ? { kind: 'StatefulSet', name }
    : { kind: 'ReplicaSet', name: podName.slice(0, podName.lastIndexOf('-')) };
  return {
    kind: 'Pod',
    metadata: {
      ...{ name: podName, namespace, labels: { app: name, team: namespace.replace('simulated-', '') } },
      annotations: { [WATTS]: String(watts) },
      ownerReferences: [{ apiVersion: 'apps/v1', ...owner, uid: owner.name, controller: true }],
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
  const { namespace, watts, hours, maxDelayHours, zone } = job;
  const waits = maxDelayHours !== undefined;
  const annotations = {
    [WATTS]: String(watts),
    [RUNS_FOR]: String(hours * 3600),
    ...(waits && { [`${PREFIX}max-delay`]: `${maxDelayHours}h`, [`${PREFIX}duration`]: `${hours}h` }),
    ...(zone !== undefined && { [`${PREFIX}zones`]: zone }),
  };
  return {
    kind: 'Job',
    metadata: { name, namespace, annotations, creationTimestamp: secondsTime(createdAt) },
    spec: {
      suspend: waits,
      template: { metadata: { annotations }, spec: { schedulerName: 'carbon-aware-scheduler' } },
    },
    status: {},
  };
}

/** A Job that is paused between two pieces of its work, as the deferral controller has left it. */
export function pausedJobObject({ job, arrivedAt, ran, resumesAt, saving }: PausedRun): DemoObject {
  const [first, last] = [ran[0], ran.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a paused run has run before');
  const ranMs = ran.reduce((sum, { start, end }) => sum + end - start, 0);
  const object = jobObject(job, pausedJobName(job, arrivedAt), arrivedAt);
  const written = {
    interruptible: 'true',
    'min-run': `${DEMO_PAUSE.minRunMinutes}m`,
    'restart-cost': `${DEMO_PAUSE.restartSeconds}s`,
    'released-at': isoTime(first.start),
    ...(ran.length > 1 && { 'resumed-at': isoTime(last.start) }),
    'paused-at': isoTime(last.end),
    'paused-seconds': String(Math.round((last.end - first.start - ranMs) / 1000)),
    interruptions: String(ran.length),
    'planned-start': isoTime(resumesAt),
    'planned-zone': job.zone,
    'expected-saving': `${(saving * 100).toFixed(1)}%`,
  };
  const ours = Object.entries(written).map(([name, value]) => [`${PREFIX}${name}`, value]);
  const annotations = { ...object.metadata.annotations, ...Object.fromEntries(ours) };
  return { ...object, metadata: { ...object.metadata, annotations }, status: { ranSeconds: ranMs / 1000 } };
}

/** The name of a Job that arrived at a time. */
export function pausedJobName({ name }: DemoJob, arrivedAt: number): string {
  return `${name}-${Math.floor(arrivedAt / 60_000)}`;
}

function secondsTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The pod that runs a Job, or the rest of one that ran before. */
export function jobPod(job: DemoObject): DemoObject {
  const { name, namespace = '', uid = '', annotations = {} } = job.metadata;
  const ranSeconds = Number(job.status?.ranSeconds ?? 0);
  const left = String(Math.max(0, Number(annotations[RUNS_FOR] ?? 0) - ranSeconds));
  return {
    kind: 'Pod',
    metadata: {
      ...{ name: `${name}-${generatedSuffix(`${uid}${ranSeconds}`, 5)}`, namespace },
      annotations: { ...annotations, [RUNS_FOR]: left },
      labels: { app: name.replace(/-\d+$/, ''), team: namespace.replace('simulated-', '') },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
    },
    spec: { schedulerName: 'carbon-aware-scheduler', containers: [{ name: 'worker' }] },
    status: { phase: 'Pending' },
  };
}
