import type { Trace } from '../../shared/grid/trace.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { arrivingJobs } from './arriving-jobs.ts';
import { type ClusterObjects, type DemoObject, keyOf } from './cluster-objects.ts';
import {
  agentPod,
  gatePolicy,
  jobObject,
  jobPod,
  namespaceObject,
  nodeObject,
  pausedJobObject,
  RUNS_FOR,
  replicaNames,
  servicePod,
} from './demo-objects.ts';
import { DEMO_JOBS, DEMO_NODES, DEMO_SERVICES } from './demo-world.ts';
import { pausedRuns } from './paused-jobs.ts';

const HOUR_MS = 3_600_000;
/** A short job arrives this often, in milliseconds. */
const ARRIVAL_EVERY_MS = 20_000;
/** How long a short job runs, in hours. */
const SHORT_HOURS = 1 / 30;
/** A bound pod is pending this long before it runs, in milliseconds, as while its image is pulled. */
const PULL_MS = 2_000;
/** Finished pods and Jobs are removed after this, in milliseconds. */
const KEEP_FINISHED_MS = 60_000;

/** Fills the cluster with nodes, namespaces, services and the admission policy. */
export function populate(objects: ClusterObjects, clock: Clock): void {
  for (const node of DEMO_NODES) {
    objects.put('nodes', nodeObject(node));
    objects.put('pods', agentPod(node, clock.now()));
  }
  // Jobs of the demo are created as this policy would have them: suspended where they may wait.
  objects.put('mutatingadmissionpolicies', gatePolicy());
  const namespaces = new Set([...DEMO_SERVICES, ...DEMO_JOBS].map(({ namespace }) => namespace));
  for (const namespace of [...namespaces, 'carbon-extender']) objects.put('namespaces', namespaceObject(namespace));
  for (const service of DEMO_SERVICES)
    for (const name of replicaNames(service)) objects.put('pods', servicePod(service, name));
}

/** Lets batch jobs arrive: those that wait or start at once, and those that have run in part and are paused. */
export function arriveAtFirst(objects: ClusterObjects, trace: Trace, now: number): void {
  for (const [index, job] of arrivingJobs(trace, now).entries()) {
    const name = job.zone === undefined ? job.name : `${job.name}-${job.zone.toLowerCase()}`;
    // Within the last quarter of an hour, so that nearly all of their slack is ahead.
    objects.put('jobs', jobObject(job, `${name}-${Math.floor(now / 60_000)}`, now - index * 80_000));
  }
  for (const run of pausedRuns(trace, now)) objects.put('jobs', pausedJobObject(run));
}

/** One step of what controllers and kubelets do: make the pods of Jobs, run what is bound, finish and remove. */
export function step(objects: ClusterObjects, now: number): void {
  for (const job of objects.all('jobs')) startJob(objects, job, now);
  for (const pod of objects.all('pods')) advancePod(objects, pod, now);
}

function startJob(objects: ClusterObjects, job: DemoObject, now: number): void {
  const { startTime, completionTime } = job.status ?? {};
  if (job.spec?.suspend === true) {
    if (startTime !== undefined) stopJob(objects, job, now);
  } else if (startTime === undefined) {
    objects.put('pods', jobPod(job));
    objects.put('jobs', { ...job, status: { ...job.status, startTime: new Date(now).toISOString() } });
  } else if (typeof completionTime === 'string' && now - Date.parse(completionTime) > KEEP_FINISHED_MS)
    objects.remove('jobs', keyOf(job));
}

/** Removes the pods of a Job that was suspended; what they have run counts when it is resumed. */
function stopJob(objects: ClusterObjects, job: DemoObject, now: number): void {
  let ranSeconds = Number(job.status?.ranSeconds ?? 0);
  for (const pod of objects.all('pods')) {
    if (pod.metadata.ownerReferences?.[0]?.uid !== job.metadata.uid) continue;
    if (pod.status?.phase === 'Running') ranSeconds += (now - Date.parse(String(pod.status.since))) / 1000;
    objects.remove('pods', keyOf(pod));
  }
  const { startTime: _started, ...status } = job.status ?? {};
  objects.put('jobs', { ...job, status: { ...status, ranSeconds } });
}

function advancePod(objects: ClusterObjects, pod: DemoObject, now: number): void {
  if (pod.spec?.nodeName === undefined) return;
  const since = Date.parse(String(pod.status?.since ?? ''));
  const phase = pod.status?.phase;
  const seconds = pod.metadata.annotations?.[RUNS_FOR];
  const enter = (next: string) =>
    objects.put('pods', { ...pod, status: { ...pod.status, phase: next, since: new Date(now).toISOString() } });
  if (phase === 'Pending' && now - since >= PULL_MS) enter('Running');
  if (phase === 'Running' && seconds !== undefined && now - since >= Number(seconds) * 1000) {
    enter('Succeeded');
    const owner = pod.metadata.ownerReferences?.[0]?.name;
    const job = objects.get('jobs', `${pod.metadata.namespace}/${owner}`);
    if (job) objects.put('jobs', { ...job, status: { ...job.status, completionTime: new Date(now).toISOString() } });
  }
  if (phase === 'Succeeded' && now - since > KEEP_FINISHED_MS) objects.remove('pods', keyOf(pod));
}

/** Lets short jobs arrive, so that the demo keeps moving; returns when the next one is due. */
export function arrive(objects: ClusterObjects, count: number, now: number): number {
  const kinds = DEMO_JOBS.filter(({ hours }) => hours <= 2);
  const kind = kinds[count % kinds.length];
  if (kind === undefined) return now + HOUR_MS;
  const { maxDelayHours: _delay, ...atOnce } = kind;
  objects.put(
    'jobs',
    jobObject({ ...atOnce, hours: SHORT_HOURS }, `${kind.name}-quick-${Math.floor(now / 1000)}`, now),
  );
  return now + ARRIVAL_EVERY_MS;
}
