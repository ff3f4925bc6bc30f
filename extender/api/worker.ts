import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { OnCertificate } from '../../shared/runtime/certificates.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { limitConnections } from '../../shared/runtime/connection-limits.ts';
import { contractsOf } from '../../shared/runtime/contracts-file.ts';
import { facilitySettingsOf } from '../../shared/runtime/facility-settings.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { knownProfiles } from '../../shared/runtime/services-file.ts';
import { zoneByName } from '../../shared/runtime/zone-settings.ts';
import { openStore } from '../../shared/store/open.ts';
import { watchCache } from '../cache/cache-watcher.ts';
import type { OverBudget } from '../deferral/over-budget.ts';
import type { WaitingList } from '../deferral/waiting-list.ts';
import type { ToApi } from '../placement/placement-link.ts';
import { openReadingsApi } from '../readings/readings-api.ts';
import { createApiMetrics } from './api-metrics.ts';
import type { ApiThreadData } from './api-thread.ts';
import { createApp } from './app.ts';
import { startBudgetReports } from './budget-reports.ts';
import { podLabels } from './emissions/labels.ts';
import { storedFacility } from './facility.ts';
import { startNodeZones } from './node-zones.ts';
import { startPlacementService } from './placement-service.ts';

/** Niceness of this thread. */
const NICE = 10;
// Linux takes it for the calling thread alone, elsewhere it would be the whole process: kube-scheduler waits for the
// thread beside this one, while an export has time.
if (process.platform === 'linux') setPriority(NICE);

const { config, port } = workerData as ApiThreadData;
const stack = new AsyncDisposableStack();
const onCertificate: OnCertificate = (used) => parentPort?.postMessage({ kind: 'certificate', used });
const store = stack.use(await openStore(config, onCertificate));
const logger = createLogger('extender-api', config.LOG_LEVEL);
const readings = stack.use(openReadingsApi(config, { store: store.meters, clock: systemClock, logger, onCertificate }));
const pollMs = config.CACHE_POLL_SECONDS * 1_000;
// What the main thread logs of the cache file need not be said twice.
const silent = createLogger('extender-api', 'silent');
const cache = stack.use(watchCache({ file: config.CACHE_FILE, pollMs, clock: systemClock, logger: silent }));
const surroundings = { clock: systemClock, logger };
const nodeZones = stack.use(
  startNodeZones({ ...surroundings, store: store.nodeZones, configured: zoneByName(config) }),
);
// Until the main thread reports: nothing waits where deferral is off, and otherwise it is not known.
let waiting: WaitingList = { deferral: config.DEFERRAL, total: config.DEFERRAL === 'off' ? 0 : null, entries: [] };
const app = createApp({
  store: store.history,
  storeState: store.state,
  decisions: store.decisions,
  waiting: () => waiting,
  readings,
  workloads: store.workloads,
  profiles: knownProfiles(config.SERVICES_FILE),
  zoneOfNode: nodeZones.zoneOf,
  clock: systemClock,
  logger,
  metrics: createApiMetrics(),
  mode: config.MODE,
  cache: cache.state,
  labels: podLabels(store.history),
  token: config.API_TOKEN,
  requestsPerSecond: config.API_REQUESTS_PER_SECOND,
  browsers: { allowedHosts: config.ALLOWED_HOSTS, corsOrigins: config.API_CORS_ORIGINS },
  heapMb: config.API_HEAP_MB,
  prices: config.PRICE_PER_KWH,
  facility: storedFacility(store.nodeMachines, facilitySettingsOf(config), systemClock),
  currency: config.PRICE_CURRENCY,
  contracts: contractsOf(config.CONTRACTS_FILE),
  cluster: config.CLUSTER_NAME,
});
const { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint } = config;
if (otlpEndpoint !== undefined) {
  // Its packages are large, and few installations use them.
  const { startOtlp } = await import('./otlp.ts');
  const source = { store: store.history, zoneOfNode: nodeZones.zoneOf };
  stack.use(startOtlp({ config, source, clock: systemClock, logger }, otlpEndpoint));
}
const server = stack.use(await listen(app, { host: config.API_HOST, port }));
// Descriptors beyond these stay free for kube-scheduler and the cache file, which the process serves as well.
limitConnections(server.server, { total: 1_024, perAddress: 512 });
const placements = stack.use(
  startPlacementService({
    history: store.history,
    decisions: store.decisions,
    post: (message) => parentPort?.postMessage(message),
    clock: systemClock,
    logger: createLogger('extender-api', config.LOG_LEVEL),
  }),
);
if (config.BUDGET_MAX_DELAY !== undefined) {
  const sources = { books: store.workloads, history: store.history, zoneOfNode: nodeZones.zoneOf };
  const post = (report: OverBudget) => parentPort?.postMessage(report);
  stack.use(startBudgetReports({ ...sources, ...surroundings, post }));
}
const receive = async (message: ToApi) => {
  if (message.kind === 'decisions') return placements.receive(message);
  if (message.kind === 'node-zones') return nodeZones.receive(message.zones);
  message.kind satisfies 'waiting';
  waiting = message.list;
};
parentPort?.on('message', async (message: 'stop' | ToApi) => {
  if (message !== 'stop') return receive(message);
  await stack.disposeAsync();
  parentPort?.close();
});
parentPort?.postMessage({ kind: 'listening', port: server.port });
