import { HOUR_MS } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { isObsolete, KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import { effectiveMode, type Mode } from '../placement/mode.ts';
import type { NamespaceDefaults } from '../placement/pod-policy.ts';
import { deadlineOf, guaranteeDue } from './decide.ts';
import { withLatestResume } from './decide-pieces.ts';
import { localQueueDefaults } from './kueue-objects.ts';
import { QUEUE_NAME, queuedWork, resourcePath } from './kueue-work.ts';
import { readOrigin } from './origins.ts';
import { withJob, withOrigin } from './piece-of-work.ts';
import { queuedKinds } from './queued-kinds.ts';
import { type JobFacts, jobFacts, pausableJob, waitingJob } from './waiting-job.ts';
import { type WaitingWork, waitingPod, withDefaults } from './waiting-work.ts';
import { GATED_PODS, namespaceDefaults, withNamespace } from './watch-waiting.ts';
import { release } from './writing.ts';

/** Result of one run of the watchdog: how many pieces of work were checked, released, and could not be released. */
export interface WatchdogResult {
  readonly checked: number;
  readonly released: number;
  readonly failed: number;
}

/** What the watchdog runs with. */
export interface WatchdogOptions {
  readonly client: KubernetesClient;
  /** The cluster's own defaults for every pod. */
  readonly clusterPreferences?: PodPreferences | undefined;
  readonly clusterMode?: Mode | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Releases everything whose deadline has passed, by itself: no Lease, no cache file, no watch, nothing that the controller
 * uses too. The deadline of work without `max-delay` and `deadline` is its creation.
 */
export async function runWatchdog(options: WatchdogOptions): Promise<WatchdogResult> {
  const { client, clusterPreferences, clusterMode, clock, logger } = options;
  const defaults = await listDefaults(options);
  const result = { checked: 0, released: 0, failed: 0 };
  for await (const found of waitingWork(options)) {
    const asked = withDefaults(withNamespace(found, defaults.get(found.namespace)), clusterPreferences);
    // Only Jobs that say how long they run are ever paused.
    const work = withLatestResume(asked, (asked.preferences.durationMs ?? 0) / HOUR_MS);
    result.checked += 1;
    const now = clock.now();
    const isOff = effectiveMode({ namespace: work.mode, cluster: clusterMode ?? 'enforce' }) === 'off';
    if (guaranteeDue(work, { now, lostMs: 0, periodMs: 0, isOff }) === undefined) continue;
    const { kind, namespace, name } = work;
    const facts = { kind, namespace, name, lateMs: now - deadlineOf(work) };
    try {
      await release(client, work, 'watchdog', now);
      result.released += 1;
      logger.warn({ code: 'WATCHDOG_RELEASED', ...facts }, 'the watchdog released work whose deadline had passed');
    } catch (err) {
      if (isObsolete(err)) continue;
      result.failed += 1;
      logger.error(
        { code: 'WATCHDOG_RELEASE_FAILED', err, ...facts },
        'the watchdog could not release work past its deadline',
      );
    }
  }
  logger.info(result, 'watchdog finished');
  return result;
}

/** Defaults of namespaces; none where they may not be listed: then a gate is removed too early, never too late. */
async function listDefaults(options: WatchdogOptions) {
  const defaults = new Map<string, NamespaceDefaults>();
  try {
    for await (const object of listObjects(options.client, '/api/v1/namespaces')) {
      const { metadata } = object as { metadata?: { name?: string } };
      defaults.set(metadata?.name ?? '', namespaceDefaults(object));
    }
  } catch (err) {
    if (!(err instanceof KubernetesError && err.status === 403)) throw err;
    options.logger.warn(
      { code: 'WATCHDOG_NAMESPACES_FORBIDDEN', err },
      'the watchdog is not allowed to list namespaces: their defaults are not known',
    );
  }
  return defaults;
}

async function* waitingWork(options: WatchdogOptions): AsyncIterable<WaitingWork> {
  const { client, logger } = options;
  const { path, fieldSelector } = GATED_PODS;
  const jobs = new Map<string, JobFacts>();
  try {
    const readJob = (object: unknown) => {
      const facts = jobFacts(object);
      jobs.set(facts.uid, facts);
      const pausable = pausableJob(object);
      return waitingJob(object) ?? (pausable?.progress?.pausedAt === undefined ? undefined : pausable);
    };
    yield* readable(listObjects(client, '/apis/batch/v1/jobs'), readJob, logger);
  } catch (err) {
    if (!(err instanceof KubernetesError && err.status === 403)) throw err;
    logger.info({}, 'the watchdog is not allowed to list Jobs: suspended ones are left to the controller');
  }
  yield* queuedWorks(options);
  for await (const pod of readable(listObjects(client, path, { fieldSelector }), waitingPod, logger)) {
    const job = jobs.get(pod.controller?.uid ?? '');
    yield job ? withJob(pod, job) : withOrigin(pod, await originOf(options, pod));
  }
}

/** Defaults of LocalQueues; none where they may not be listed. */
async function listQueueDefaults({ client, logger }: WatchdogOptions, apiVersion: string) {
  const queues = new Map<string, NamespaceDefaults>();
  try {
    for await (const object of listObjects(client, resourcePath({ apiVersion, plural: 'localqueues' }))) {
      const { metadata } = object as { metadata: { name: string; namespace: string } };
      const defaults = localQueueDefaults(object);
      if (defaults) queues.set(`${metadata.namespace}/${metadata.name}`, defaults);
    }
  } catch (err) {
    if (!(err instanceof KubernetesError && err.status === 403)) throw err;
    logger.info({}, 'the watchdog is not allowed to list LocalQueues: their defaults are not known');
  }
  return queues;
}

/** What waits in Kueue, with the defaults of its LocalQueue. */
async function* queuedWorks(options: WatchdogOptions): AsyncIterable<WaitingWork> {
  const { client, logger } = options;
  const kinds = await queuedKinds(client);
  if (kinds === undefined) return;
  const queues = await listQueueDefaults(options, kinds.kueue);
  for (const resource of kinds.resources) {
    const objects = listObjects(client, resourcePath(resource), { labelSelector: QUEUE_NAME });
    for await (const work of readable(objects, (object) => queuedWork(object, resource), logger)) {
      const placed = withOrigin(work, await originOf(options, work));
      yield withDefaults(placed, queues.get(`${work.namespace}/${work.admission?.queue}`)?.preferences);
    }
  }
}

/** The owner above a pod; undefined where it cannot be read: then the pod's own creation counts. */
async function originOf({ client }: WatchdogOptions, { namespace, controller }: WaitingWork) {
  if (controller === undefined) return undefined;
  return readOrigin(client, namespace, controller).catch(() => undefined);
}

async function* readable(
  found: AsyncIterable<unknown>,
  read: (object: unknown) => WaitingWork | undefined,
  logger: Logger,
): AsyncIterable<WaitingWork> {
  for await (const object of found) {
    try {
      const work = read(object);
      if (work) yield work;
    } catch (err) {
      logger.warn({ code: 'KUBERNETES_OBJECT_INVALID', err }, 'the watchdog skips an object that it cannot read');
    }
  }
}
