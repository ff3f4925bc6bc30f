import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { isObsolete, KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import { deadlineOf } from './decide.ts';
import { type WaitingWork, waitingJob, waitingPod } from './waiting-work.ts';
import { GATED_PODS, namespacePreferences, withDefaults } from './watch-waiting.ts';
import { release } from './writing.ts';

/** Result of one run of the watchdog: how many pieces of work were checked, released, and could not be released. */
export interface WatchdogResult {
  readonly checked: number;
  readonly released: number;
  readonly failed: number;
}

/**
 * Releases everything whose deadline has passed, by itself: no Lease, no cache file, no watch, nothing that the controller
 * uses too. The deadline of work without `max-delay` and `deadline` is its creation.
 */
export async function runWatchdog(options: {
  readonly client: KubernetesClient;
  /** The cluster's own defaults for every pod. */
  readonly clusterPreferences?: PodPreferences | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<WatchdogResult> {
  const { client, clusterPreferences, clock, logger } = options;
  const defaults = await namespaceDefaults(options);
  let checked = 0;
  let released = 0;
  let failed = 0;
  for await (const found of waitingWork(options)) {
    const work = withDefaults(withDefaults(found, defaults.get(found.namespace)), clusterPreferences);
    checked += 1;
    const { kind, namespace, name } = work;
    const lateMs = clock.now() - deadlineOf(work);
    if (lateMs < 0) continue;
    try {
      await release(client, work, 'watchdog', clock.now());
      released += 1;
      logger.warn(
        { code: 'WATCHDOG_RELEASED', kind, namespace, name, lateMs },
        'the watchdog released work whose deadline had passed',
      );
    } catch (err) {
      if (isObsolete(err)) continue;
      failed += 1;
      logger.error(
        { code: 'WATCHDOG_RELEASE_FAILED', err, kind, namespace, name, lateMs },
        'the watchdog could not release work past its deadline',
      );
    }
  }
  logger.info({ checked, released, failed }, 'watchdog finished');
  return { checked, released, failed };
}

/** Preferences of namespaces; none where they may not be listed: then a gate is removed too early, never too late. */
async function namespaceDefaults(options: { client: KubernetesClient; logger: Logger }) {
  const defaults = new Map<string, PodPreferences | undefined>();
  try {
    for await (const object of listObjects(options.client, '/api/v1/namespaces')) {
      const { metadata } = object as { metadata?: { name?: string } };
      defaults.set(metadata?.name ?? '', namespacePreferences(object));
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

async function* waitingWork(options: { client: KubernetesClient; logger: Logger }): AsyncIterable<WaitingWork> {
  const { client, logger } = options;
  const { path, fieldSelector } = GATED_PODS;
  yield* readable(listObjects(client, path, { fieldSelector }), waitingPod, logger);
  try {
    yield* readable(listObjects(client, '/apis/batch/v1/jobs'), waitingJob, logger);
  } catch (err) {
    if (!(err instanceof KubernetesError && err.status === 403)) throw err;
    logger.info({}, 'the watchdog is not allowed to list Jobs: suspended ones are left to the controller');
  }
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
