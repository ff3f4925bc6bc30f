import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/runtime/clock.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { openReadableStore } from '../../shared/store/open.ts';
import { watchCache } from '../cache-watcher.ts';
import { configuredDirectory } from '../scheduling/nodes.ts';
import { createApiMetrics } from './api-metrics.ts';
import type { ApiThreadData } from './api-thread.ts';
import { createApp } from './app.ts';
import { podLabels } from './emissions/labels.ts';

const { config, port } = workerData as ApiThreadData;
const stack = new AsyncDisposableStack();
const store = stack.use(await openReadableStore(config));
const logger = createLogger('extender-api', config.LOG_LEVEL);
const pollMs = config.CACHE_POLL_SECONDS * 1_000;
// What the main thread logs of the cache file need not be said twice.
const silent = createLogger('extender-api', 'silent');
const cache = stack.use(watchCache({ file: config.CACHE_FILE, pollMs, clock: systemClock, logger: silent }));
const directory = configuredDirectory(config.ZONE_MAP, config.DEFAULT_ZONE);
const app = createApp({
  store,
  clock: systemClock,
  logger,
  metrics: createApiMetrics(),
  mode: config.MODE,
  cache: cache.state,
  zoneOfNode: directory.zoneOf,
  labels: podLabels(store),
  token: config.API_TOKEN,
});
const server = stack.use(await listen(app, { host: config.API_HOST, port }));
parentPort?.once('message', async () => {
  await stack.disposeAsync();
  parentPort?.close();
});
parentPort?.postMessage({ port: server.port });
