import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import { cacheText, replaceFile } from '../extender/cache/cache-file.ts';
import { startProcess } from '../started-process.ts';
import { HISTORY_START, type History, PER_NODE } from './history.ts';

const ZONES = ['DE', 'FR', 'PL'];

/** A span of time in milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The API of a real extender over a bench's history. Each call reads its answer to the end and gives the bytes. */
export interface ServedHistory extends AsyncDisposable {
  health(): Promise<number>;
  co2(span: Span): Promise<number>;
  emissions(span: Span): Promise<number>;
  /** Exports everything. */
  export(): Promise<number>;
  /** Memory of the extender that is resident now, in MB. */
  residentMb(): number;
}

/** Starts an extender of its own on a history, as a client on another machine would meet it. */
export async function serveHistory(history: History): Promise<ServedHistory> {
  const file = join(history.folder, 'carbon_cache.json');
  await replaceFile(file, cacheText({ FR: 45, DE: 380, PL: 700 }, { at: Date.now(), ttlMinutes: 600 }));
  const nodes = Array.from({ length: history.series / PER_NODE }, (_, node) => `node-${node}=${ZONES[node % 3]}`);
  const extender = startProcess('extender', {
    CACHE_FILE: file,
    DATA_DIR: history.folder,
    EXTENDER_PORT: '0',
    API_PORT: '0',
    ZONE_MAP: nodes.join(','),
    LOG_LEVEL: 'info',
  });
  const { apiPort } = await extender.logged('extender started');
  const url = `http://127.0.0.1:${apiPort}`;
  const bodyOf = ({ from, to }: Span) =>
    JSON.stringify({
      namespace: 'team-3',
      pod: 'pod-1-3',
      container: 'app',
      countries: ZONES,
      start_time: isoTime(from),
      end_time: isoTime(to),
    });
  return {
    health: () => read(`${url}/healthz`),
    co2: (span) => read(`${url}/api/co2-per-container`, bodyOf(span)),
    emissions: ({ from, to }) =>
      read(`${url}/api/emissions?aggregate=namespace&step=1h&window=${isoTime(from)},${isoTime(to)}`),
    export: () => read(`${url}/api/export-time-series?format=ndjson`),
    residentMb: () => {
      const status = readFileSync(`/proc/${extender.child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    [Symbol.asyncDispose]: () => extender[Symbol.asyncDispose](),
  };
}

/** The whole of a history. */
export function wholeOf({ hours }: History): Span {
  return { from: HISTORY_START, to: HISTORY_START + hours * HOUR_MS };
}

async function read(url: string, json?: string): Promise<number> {
  const { statusCode, body } = await request(url, {
    method: json === undefined ? 'GET' : 'POST',
    body: json ?? null,
    headers: { 'content-type': 'application/json' },
    // An export takes as long as it takes.
    bodyTimeout: 0,
  });
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${await body.text()}`);
  let bytes = 0;
  for await (const piece of body) bytes += (piece as Buffer).length;
  return bytes;
}
