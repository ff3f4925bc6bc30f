import { certificateFiles, presentedCertificates, watchCertificateFiles } from '../shared/runtime/certificate-files.ts';
import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import { logSettingWarnings, type SettingWarning } from '../shared/runtime/config.ts';
import type { ListeningServer, Readiness } from '../shared/runtime/http-server.ts';
import { whileHeld } from '../shared/runtime/lease.ts';
import { createLogger, type Logger } from '../shared/runtime/logger.ts';
import { openRecordingStore } from '../shared/store/open.ts';
import type { RecordingStore } from '../shared/store/store.ts';
import { startBudgets, zonesOfNodes } from './budgets/start.ts';
import type { PollerConfig } from './config.ts';
import { startGridTask } from './grid/task.ts';
import { createPollerMetrics } from './metrics.ts';
import { countNamespaces } from './namespaces/count-namespaces.ts';
import { type PowerTaskOptions, startPowerTask } from './power/record.ts';
import { startReadings } from './readings/start.ts';
import { workerRoutes } from './readings/worker-routes.ts';
import { startRetentionTask } from './retention.ts';
import { startPollerServer } from './server.ts';

/** Dependencies that tests replace. */
export interface PollerDependencies {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** What is worth a warning about the settings. */
  readonly warnings?: readonly SettingWarning[];
}

/** A running poller. */
export interface Poller extends AsyncDisposable {
  /** Port of /healthz, /readyz and /metrics. */
  readonly port: number;
}

/** Wires the poller: store, tasks, server. Disposing it stops the tasks, then the server, then the store. */
export async function startPoller(config: PollerConfig, dependencies: PollerDependencies = {}): Promise<Poller> {
  const { clock = systemClock, logger = createLogger('poller', config.LOG_LEVEL) } = dependencies;
  await using stack = new AsyncDisposableStack();
  const metrics = createPollerMetrics();
  logSettingWarnings(logger, dependencies.warnings ?? []);
  const presented = presentedCertificates();
  const onCertificate = presented.add;
  const store = stack.use(await openRecordingStore(config, { clock, logger, spool: true, onCertificate }));
  const { history } = store;
  metrics.store.watch(store);
  const runs = (task: PollerConfig['POLLER_TASKS'][number]) => config.POLLER_TASKS.includes(task);
  let readiness: Readiness = runs('grid')
    ? { ready: false, reason: 'no poll cycle has succeeded yet' }
    : { ready: true };
  const onCycle = (zones: number) => {
    readiness = zones > 0 ? { ready: true } : { ready: false, reason: 'no zone has a value' };
  };
  let consumer: Readiness = { ready: false, reason: 'the readings task does not run here' };
  const onReadiness = (state: Readiness) => {
    consumer = state;
    if (!runs('grid')) readiness = state;
  };
  const routes = workerRoutes({ config, meters: store.meters, consumer: () => consumer, clock });
  const server: ListeningServer = stack.use(
    await startPollerServer(
      { host: config.POLLER_HOST, port: config.POLLER_PORT },
      metrics.registry,
      () => readiness,
      routes,
    ),
  );
  stack.use(
    watchCertificateFiles({
      ...{ files: certificateFiles(config), presented, clock, logger },
      onCertificates: (used) => metrics.certificates.replace('connections', used),
    }),
  );
  const tasks = stack.use(tasksTogether());
  if (runs('grid'))
    tasks.use(await startGridTask({ config, store: history, alerts: store, metrics, clock, logger, onCycle }));
  const readings = { metrics: metrics.readings, onReadiness, onCertificate };
  tasks.use(startReadings({ config, store: store.meters, clock, logger, ...readings }));
  if (runs('retention'))
    tasks.use(startRetentionTask({ config, store, clock, logger, onTrimmed: metrics.store.onTrimmed }));
  if (runs('power')) tasks.use(startPower({ config, store, metrics, clock, logger }));
  if (runs('budgets')) tasks.use(startBudgets({ config, store, metrics: metrics.budgets, clock, logger }));
  logger.info({ port: server.port, tasks: config.POLLER_TASKS, mode: config.MODE }, 'poller started');
  const running = stack.move();
  return { port: server.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Tasks that are stopped all at once: one that waits for a server that hangs takes no time from the others. */
function tasksTogether(): AsyncDisposable & { use(task: AsyncDisposable | undefined): void } {
  const tasks: AsyncDisposable[] = [];
  return {
    use: (task) => {
      if (task) tasks.push(task);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(tasks.map((task) => task[Symbol.asyncDispose]()));
    },
  };
}

interface PowerParts extends Required<Pick<PollerDependencies, 'clock' | 'logger'>> {
  readonly config: PollerConfig;
  readonly store: RecordingStore;
  readonly metrics: ReturnType<typeof createPollerMetrics>;
}

/** Records power while this is the poller whose turn it is. */
function startPower({ config, store, metrics, clock, logger }: PowerParts): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const lease = stack.use(store.lease('recording'));
  lease.onChange(metrics.store.onLease);
  const { history, meters, nodeMachines: machines } = store;
  const zones = zonesOfNodes(config, store);
  const counted = stack.use(
    countNamespaces({ history, zonesOfNodes: zones, metrics: metrics.namespaces, clock, logger }),
  );
  const recorded: PowerTaskOptions['store'] = {
    ...counted.history,
    totals: () => history.totals(),
    samples: (...query) => history.samples(...query),
  };
  const parts = { config, store: recorded, machines, meters, clock, logger, metrics: metrics.power };
  stack.use(whileHeld(lease, () => startPowerTask(parts)));
  return stack;
}
