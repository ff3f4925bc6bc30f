import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import type { Readiness } from '../shared/runtime/http-server.ts';
import type { KubernetesClient } from '../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../shared/runtime/kubernetes/connect.ts';
import { createLogger, type Logger } from '../shared/runtime/logger.ts';
import { watchCache } from './cache/cache-watcher.ts';
import type { ExtenderConfig } from './config.ts';
import type { RunningDeferral } from './deferral/controller.ts';
import { startConfiguredDeferral } from './deferral/start.ts';
import type { WaitingList } from './deferral/waiting-list.ts';
import { startPlacement } from './placement/placement.ts';
import type { FromStore, ToApi } from './placement/placement-link.ts';
import { startSchedulerServer } from './webhook/server.ts';
import { tlsFiles } from './webhook/tls.ts';

/** What a test may put in the place of the real thing. */
export interface ExtenderDependencies {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Starts the REST API on its own thread; without it there is none. */
  readonly startApi?: (
    config: ExtenderConfig,
    logger: Logger,
    onMessage: (message: FromStore) => void,
  ) => Promise<AsyncDisposable & { readonly port: number; post?(message: ToApi): void }>;
}

/** A running extender. */
export interface Extender extends AsyncDisposable {
  /** Port that kube-scheduler calls. */
  readonly schedulerPort: number;
  /** Port of the REST API; undefined when it was not started. */
  readonly apiPort: number | undefined;
}

/** A volume that hangs may not keep the scheduler port from opening for longer than this. */
const FIRST_LOOK_MS = 2_000;

/** Wires the extender: cache watcher, scheduler port, API thread. Disposing it stops everything in the reverse order. */
export async function startExtender(
  config: ExtenderConfig,
  dependencies: ExtenderDependencies = {},
): Promise<Extender> {
  const { clock = systemClock, logger = createLogger('extender', config.LOG_LEVEL), startApi } = dependencies;
  await using stack = new AsyncDisposableStack();
  const pollMs = config.CACHE_POLL_SECONDS * 1_000;
  const cache = stack.use(watchCache({ file: config.CACHE_FILE, pollMs, clock, logger }));
  let readiness: Readiness = { ready: false, reason: 'the cache file has not been looked at yet' };
  const firstLook = cache.firstLook.then(() => {
    readiness = { ready: true };
  });
  await Promise.race([firstLook, clock.sleep(FIRST_LOOK_MS)]);
  const client = connectCluster(config, logger);
  if (client) stack.use(client);
  let api: Awaited<ReturnType<NonNullable<typeof startApi>>> | undefined;
  const post = (message: ToApi) => {
    api?.post?.(message);
    return api !== undefined;
  };
  let deferral: RunningDeferral | undefined;
  const releasedJob = (uid: string) => deferral?.releasedJob(uid);
  const placement = stack.use(startPlacement({ config, cache: cache.state, client, post, releasedJob, clock, logger }));
  const scheduler = stack.use(
    await startSchedulerServer({
      host: config.EXTENDER_HOST,
      port: config.EXTENDER_PORT,
      maxBodyBytes: config.MAX_BODY_MB * 1024 * 1024,
      tls: tlsFiles(config),
      placement: placement.placement,
      readiness: () => readiness,
      metrics: placement.metrics,
      clock,
      logger,
    }),
  );
  const { metrics, zones, zoneOf, writeEvent } = placement;
  let waiting: ToApi | undefined;
  const onWaiting = (list: WaitingList) => {
    waiting = { kind: 'waiting', list };
    post(waiting);
  };
  const sources = {
    config,
    client,
    cache: cache.state,
    zones,
    zoneOf,
    writeEvent,
    onWaiting,
    metrics: metrics.deferral,
  };
  deferral = stack.use(startConfiguredDeferral({ ...sources, clock, logger }));
  if (startApi !== undefined) {
    api = stack.use(await startApi(config, logger, (message) => placement.link.receive(message)));
    // Before the API thread ends, which is the only one that can keep them.
    stack.defer(() => placement.link.settle());
  }
  // The first round may have ended before there was a thread to tell.
  if (waiting) post(waiting);
  const { port } = scheduler;
  logger.info({ port, apiPort: api?.port, cacheFile: config.CACHE_FILE, cluster: client?.server }, 'extender started');
  const running = stack.move();
  return {
    schedulerPort: scheduler.port,
    apiPort: api?.port,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function connectCluster(config: ExtenderConfig, logger: Logger): KubernetesClient | undefined {
  try {
    const client = connectKubernetes(config);
    if (client?.authentication === 'none')
      logger.warn(
        { code: 'KUBERNETES_ANONYMOUS', cluster: client.server },
        'the kubeconfig has no credentials for its user: the Kubernetes API sees system:anonymous',
      );
    return client;
  } catch (err) {
    if (config.NODE_WATCH === 'on') throw err;
    logger.error(
      { code: 'KUBERNETES_NOT_CONNECTED', err },
      'no cluster is watched: the zones of nodes come from the configuration alone',
    );
    return undefined;
  }
}
