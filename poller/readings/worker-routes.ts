import type { ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isoTime } from '../../shared/grid/units.ts';
import { meterReadingJson, siteName } from '../../shared/records/meter-reading.ts';
import type { MeterReadingsCursor, MeterReadingsReader } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { foreignHost } from '../../shared/runtime/host-names.ts';
import { pathOf, type Readiness, sendJson, sendProblemDetail } from '../../shared/runtime/http-server.ts';
import { usesRedis } from '../../shared/runtime/redis-settings.ts';
import type { PollerConfig } from '../config.ts';
import type { FurtherRoutes } from '../server.ts';

/** What a readings worker serves its paths from. */
export interface WorkerRoutesOptions {
  readonly config: PollerConfig;
  readonly meters: MeterReadingsReader;
  /** Whether readings are being processed. */
  readonly consumer: () => Readiness;
  readonly clock: Clock;
}

const SITE_READINGS = /^\/sites\/([^/]+)\/readings$/;
const PAGE = 5_000;
/** From the year 0, the first that a reading can have, to the last time that a Date can hold. */
const ALWAYS = { from: Date.parse('0000-01-01T00:00:00Z'), to: 8.64e15 };

/** `GET /health` with the consumer's state, and `GET /sites/{site_id}/readings`; none where no readings task can run. */
export function workerRoutes(options: WorkerRoutesOptions): FurtherRoutes {
  const { config, meters, consumer, clock } = options;
  if (!config.POLLER_TASKS.includes('readings') || !usesRedis(config)) return async () => false;
  const names = {
    stream: config.REDIS_STREAM,
    group: config.CONSUMER_GROUP,
    consumer: config.CONSUMER_NAME ?? hostname(),
  };
  return async (request, response) => {
    if (request.method !== 'GET') return false;
    const path = pathOf(request);
    if (path === '/health') {
      const state = consumer();
      const status = state.ready ? { status: 'running' } : { status: 'stopped', reason: state.reason };
      const body = { status: state.ready ? 'ok' : 'degraded', consumer: { ...status, ...names } };
      return sendJson(response, 200, { ...body, timestamp: isoTime(clock.now()) });
    }
    const site = siteOf(path);
    if (site === undefined) return false;
    const foreign = foreignHost(request.headers.host, config.ALLOWED_HOSTS);
    if (foreign !== undefined)
      return sendProblemDetail(response, 403, `the Host ${foreign} is not a name of this server; see ALLOWED_HOSTS`);
    return sendReadings(meters, site, response);
  };
}

async function sendReadings(meters: MeterReadingsReader, site: string, response: ServerResponse): Promise<true> {
  const rows = rowsOf(meters, site);
  // The status follows from the first page: a store that cannot be read is a 503, not a connection that breaks.
  const first = await rows.next().catch(() => undefined);
  if (first === undefined)
    return sendProblemDetail(response, 503, 'the store could not be read; try again later, and check the database');
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.write(first.value);
  await pipeline(Readable.from(rows), response);
  return true;
}

function siteOf(path: string): string | undefined {
  try {
    return siteName.safeParse(decodeURIComponent(SITE_READINGS.exec(path)?.[1] ?? '')).data;
  } catch {
    return undefined;
  }
}

async function* rowsOf(meters: MeterReadingsReader, site: string): AsyncGenerator<string, void> {
  let after: MeterReadingsCursor | undefined;
  let separator = '[';
  for (;;) {
    const page = await meters.readings(site, ALWAYS, PAGE, after);
    const rows = page.map((reading) => JSON.stringify(meterReadingJson(reading))).join(',');
    if (rows !== '') yield separator + rows;
    if (rows !== '') separator = ',';
    after = page.at(-1);
    if (page.length < PAGE) return void (yield separator === '[' ? '[]' : ']');
  }
}
