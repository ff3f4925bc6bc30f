import {
  certificateFiles,
  type PresentedCertificates,
  presentedCertificates,
  watchCertificateFiles,
} from '../shared/runtime/certificate-files.ts';
import { type Clock, settledWithin, systemClock } from '../shared/runtime/clock.ts';
import { logSettingWarnings, type SettingWarning } from '../shared/runtime/config.ts';
import type { Readiness } from '../shared/runtime/http-server.ts';
import type { KubernetesClient } from '../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../shared/runtime/kubernetes/connect.ts';
import { createLogger, type Logger } from '../shared/runtime/logger.ts';
import { type RunningAdmission, startConfiguredAdmission } from './admission/admission.ts';
import type { ApiThread, FromApi } from './api/api-thread.ts';
import { watchCache } from './cache/cache-watcher.ts';
import type { ExtenderConfig } from './config.ts';
import type { RunningDeferral } from './deferral/controller.ts';
import { type BudgetWatch, createBudgetWatch } from './deferral/over-budget.ts';
import { startConfiguredDeferral } from './deferral/start.ts';
import type { WaitingList } from './deferral/waiting-list.ts';
import { type RunningPlacement, startPlacement } from './placement/placement.ts';
import type { ToApi } from './placement/placement-link.ts';
import { startSchedulerServer } from './webhook/server.ts';
import { tlsFiles } from './webhook/tls.ts';
import { createVerbs } from './webhook/verbs.ts';

/** What a test may replace. */
export interface ExtenderDependencies {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Starts the REST API on its own thread; without it there is none. */
  readonly startApi?: (config: ExtenderConfig, logger: Logger, onMessage: (message: FromApi) => void) => ApiThread;
  /** Ends the process when its event loop hangs; not used where there is none. */
  readonly startHeartbeat?: (limitMs: number, onError: (error: Error) => void) => AsyncDisposable;
  /** What is worth a warning about the settings. */
  readonly warnings?: readonly SettingWarning[];
}

/** A running extender. */
export interface Extender extends AsyncDisposable {
  /** Port that kube-scheduler calls. */
  readonly schedulerPort: number;
  /** Port of the REST API; undefined when it was not started, or does not listen yet. */
  readonly apiPort: number | undefined;
}

/** A volume that hangs delays the opening of the scheduler port by no more than this. */
const FIRST_READ_MS = 2_000;
/** A store that hangs delays the end of the start by no more than this; the API follows when it is there. */
const API_START_MS = 10_000;

/** Wires the extender: cache watcher, scheduler port, API thread. Disposing it stops everything in the reverse order. */
export async function startExtender(
  config: ExtenderConfig,
  dependencies: ExtenderDependencies = {},
): Promise<Extender> {
  const { clock = systemClock, logger = createLogger('extender', config.LOG_LEVEL), startApi } = dependencies;
  const budgets = createBudgetWatch(clock);
  await using stack = new AsyncDisposableStack();
  logSettingWarnings(logger, dependencies.warnings ?? []);
  const { CACHE_FILE: file, MAX_INTENSITY: maxIntensity, CACHE_POLL_SECONDS } = config;
  const cache = stack.use(watchCache({ file, maxIntensity, pollMs: CACHE_POLL_SECONDS * 1_000, clock, logger }));
  let readiness: Readiness = { ready: false, reason: 'the cache file has not been read yet' };
  const firstRead = cache.firstRead.then(() => {
    readiness = { ready: true };
  });
  await settledWithin(clock, FIRST_READ_MS, firstRead);
  const client = connectCluster(config, logger);
  if (client) stack.use(client);
  let api: ApiThread | undefined;
  const post = (message: ToApi) => {
    api?.post(message);
    return api !== undefined;
  };
  let deferral: RunningDeferral | undefined;
  const releasedJob = (uid: string) => deferral?.releasedJob(uid);
  const placement = stack.use(startPlacement({ config, cache: cache.state, client, post, releasedJob, clock, logger }));
  const admission = client && startConfiguredAdmission({ config, client, placement, clock, logger });
  if (admission) stack.use(admission);
  const scheduler = stack.use(
    await startSchedulerServer({
      host: config.EXTENDER_HOST,
      port: config.EXTENDER_PORT,
      maxBodyBytes: config.MAX_BODY_MB * 1024 * 1024,
      tls: tlsFiles(config),
      verbs: createVerbs(placement.decisions, placement.metrics),
      log: placement.decisions.log,
      readiness: () =>
        readiness.ready ? { ready: true, details: limitations(placement, client, { admission, deferral }) } : readiness,
      ...{ metrics: placement.metrics, allowedHosts: config.ALLOWED_HOSTS, clock, logger },
    }),
  );
  const { metrics, zones, zoneOf, writeEvent } = placement;
  const presented = presentedCertificates();
  const onCertificates = metrics.tls.setConnectionCertificates;
  stack.use(watchCertificateFiles({ files: certificateFiles(config), presented, clock, logger, onCertificates }));
  if (startApi !== undefined) {
    api = stack.use(startApi(config, logger, receiver(placement, budgets, presented)));
    // Before the API thread ends, which is the only one that can store them.
    stack.defer(() => placement.link.flush());
  }
  const onWaiting = (list: WaitingList) => void post({ kind: 'waiting', list });
  const sources = { config, client, cache: cache.state, zones, zoneOf, writeEvent, onWaiting, budgets, clock, logger };
  deferral = stack.use(startConfiguredDeferral({ ...sources, metrics: metrics.deferral }));
  const heartbeat = watchEventLoop(config, dependencies, logger);
  if (heartbeat) stack.use(heartbeat);
  const { port } = scheduler;
  const apiPort = api && (await portWithin(api, API_START_MS, clock));
  logger.info({ port, apiPort, cacheFile: config.CACHE_FILE, cluster: client?.server }, 'extender started');
  const running = stack.move();
  return { schedulerPort: port, apiPort, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function watchEventLoop(
  { EVENT_LOOP_LIMIT_SECONDS: seconds }: ExtenderConfig,
  { startHeartbeat }: ExtenderDependencies,
  logger: Logger,
): AsyncDisposable | undefined {
  if (seconds === 0) return undefined;
  return startHeartbeat?.(seconds * 1_000, (err) =>
    logger.error({ code: 'EVENT_LOOP_UNWATCHED', err }, 'a hung event loop would not be noticed by the process itself'),
  );
}

/** Passes what the API thread sends to the part that needs it. */
function receiver(
  { link }: Pick<RunningPlacement, 'link'>,
  budgets: BudgetWatch,
  presented: PresentedCertificates,
): (message: FromApi) => void {
  return (message) => {
    if (message.kind === 'over-budget') budgets.receive(message);
    else if (message.kind === 'certificate') presented.add(message.used);
    else link.receive(message);
  };
}

/** The port of the API; undefined where it does not listen in time. */
async function portWithin({ started }: ApiThread, ms: number, clock: Clock): Promise<number | undefined> {
  const timeout = new AbortController();
  const late = clock.sleep(ms, timeout.signal).then(() => undefined);
  try {
    return await Promise.race([started, late]);
  } finally {
    timeout.abort();
  }
}

function connectCluster(config: ExtenderConfig, logger: Logger): KubernetesClient | undefined {
  try {
    const client = connectKubernetes(config);
    if (client?.authentication === 'none')
      logger.warn(
        { code: 'KUBERNETES_ANONYMOUS', cluster: client.server },
        'the kubeconfig has no credentials for its user: requests reach the Kubernetes API as system:anonymous',
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

/** What does not work although the extender can serve: placement goes on with what is known. */
function limitations(
  { zones, gatePresence }: Pick<RunningPlacement, 'zones' | 'gatePresence'>,
  client: KubernetesClient | undefined,
  { admission, deferral }: { admission: RunningAdmission | undefined; deferral: RunningDeferral | undefined },
): readonly string[] {
  const found = [...(client?.failingWatches ?? [])].map(
    ([path, error]) => `the watch of ${path} is not running: ${error}`,
  );
  if (zones() === undefined)
    found.push(
      'the nodes of the cluster have not been listed; check the kubeconfig, its credentials and the RBAC rules',
    );
  if (gatePresence() === 'none')
    found.push(
      'no gate on this cluster: neither the admission policy nor the webhook is installed; work that may wait starts at once',
    );
  if (deferral?.kueueIgnoresGates())
    found.push(
      'Kueue does not hold queued work back here, which needs Kueue 0.19, or 0.17 with its feature gate AdmissionGatedBy: it starts at once',
    );
  const problem = admission?.problem();
  if (problem !== undefined) found.push(`the admission webhook does not work: ${problem}`);
  return found;
}
