import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/runtime/clock.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { openReadableStore } from '../../shared/store/open.ts';
import { configuredDirectory } from '../scheduling/nodes.ts';
import { createApiMetrics } from './api-metrics.ts';
import type { ApiThreadData } from './api-thread.ts';
import { createApp } from './app.ts';

const { config, port } = workerData as ApiThreadData;
const stack = new AsyncDisposableStack();
const store = stack.use(await openReadableStore(config));
const app = createApp({
  store,
  clock: systemClock,
  logger: createLogger('extender-api', config.LOG_LEVEL),
  metrics: createApiMetrics(),
  mode: config.MODE,
  zoneOfNode: (node) => configuredDirectory(config.ZONE_MAP, config.DEFAULT_ZONE).zoneOf(node),
  token: config.API_TOKEN,
});
const server = stack.use(await listen(app, { host: config.API_HOST, port }));
parentPort?.once('message', async () => {
  await stack.disposeAsync();
  parentPort?.close();
});
parentPort?.postMessage({ port: server.port });
