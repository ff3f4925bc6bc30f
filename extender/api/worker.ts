import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/runtime/clock.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { knownProfiles } from '../../shared/runtime/services-file.ts';
import { zoneByName } from '../../shared/runtime/zone-settings.ts';
import { openReadableStore } from '../../shared/store/open.ts';
import { openWorkloadStore } from '../../shared/store/open-workloads.ts';
import { recordedDecisions } from '../../shared/store/recorded-decisions.ts';
import { pendingBlocks } from '../../shared/store/spool/backlog-file.ts';
import type { ToStore } from '../placement-link.ts';
import { createApiMetrics } from './api-metrics.ts';
import type { ApiThreadData } from './api-thread.ts';
import { createApp } from './app.ts';
import { startPlacementService } from './placement-service.ts';

const { config, port } = workerData as ApiThreadData;
const stack = new AsyncDisposableStack();
const store = stack.use(await openReadableStore(config));
const workloads = stack.use(await openWorkloadStore(config));
const app = createApp({
  store,
  decisions: (range) => recordedDecisions(config, range),
  workloads,
  profiles: knownProfiles(config.SERVICES_FILE),
  zoneOfNode: zoneByName(config),
  clock: systemClock,
  logger: createLogger('extender-api', config.LOG_LEVEL),
  metrics: createApiMetrics(),
  mode: config.MODE,
  pendingBlocks: () => pendingBlocks(config),
  token: config.API_TOKEN,
});
const server = stack.use(await listen(app, { host: config.API_HOST, port }));
const placements = stack.use(
  startPlacementService({
    config,
    store,
    post: (message) => parentPort?.postMessage(message),
    clock: systemClock,
    logger: createLogger('extender-api', config.LOG_LEVEL),
  }),
);
parentPort?.on('message', async (message: 'stop' | ToStore) => {
  if (message !== 'stop') return placements.receive(message);
  await stack.disposeAsync();
  parentPort?.close();
});
parentPort?.postMessage({ kind: 'listening', port: server.port });
