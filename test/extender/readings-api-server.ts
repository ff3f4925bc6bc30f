import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createApp } from '../../extender/api/app.ts';
import { extenderConfigSchema } from '../../extender/config.ts';
import { openReadingsApi, type ReadingsApi } from '../../extender/readings/readings-api.ts';
import { builtInProfiles } from '../../shared/calculator/service-profiles.ts';
import type { WritableStore } from '../../shared/records/power.ts';
import { type Clock, systemClock } from '../../shared/runtime/clock.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { type capturedLog, capturedLog as newLog } from '../captured-log.ts';
import { sqliteRecording } from '../shared/store/opened-parts.ts';

/** The REST API on a port of its own, as the API thread wires it. */
export interface ReadingsApiServer extends AsyncDisposable {
  readonly url: string;
  readonly readings: ReadingsApi;
  readonly store: WritableStore;
  readonly log: ReturnType<typeof capturedLog>;
}

/** Starts the API on a store in DATA_DIR, with or without Redis. */
export async function startReadingsApi(
  env: Record<string, string>,
  clock: Clock = systemClock,
): Promise<ReadingsApiServer> {
  const config = loadConfig('extender', extenderConfigSchema, env);
  const log = newLog();
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(sqliteRecording(config.DATA_DIR));
  const { history: store, workloads } = opened;
  const readings = stack.use(openReadingsApi(config, { store: opened.meters, clock, logger: log }));
  const metrics = createApiMetrics();
  const app = createApp({
    store,
    readings,
    workloads,
    profiles: builtInProfiles(),
    zoneOfNode: () => undefined,
    clock,
    logger: log,
    metrics,
    mode: 'local',
    token: config.API_TOKEN,
  });
  const server = stack.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  const running = stack.move();
  return {
    url: `http://127.0.0.1:${server.port}`,
    readings,
    store,
    log,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The fields of any answer to a reading; which of them are there, the status says. */
export interface AnswerBody {
  readonly code?: string;
  readonly status: string;
  readonly stream_id: string;
  readonly detail: string;
  readonly accepted: number;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly items: readonly {
    readonly status: number;
    readonly stream_id: string;
    readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  }[];
}

/** Sends JSON, or text of another type, and gives status, headers and the parsed answer. */
export async function send(
  url: string,
  body: unknown,
  {
    method = 'POST',
    type = 'application/json',
    headers = {} as Record<string, string>,
    signal = undefined as AbortSignal | undefined,
  } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    body: text,
    headers: { 'content-type': type, ...headers },
    signal: signal ?? null,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as AnswerBody };
}
