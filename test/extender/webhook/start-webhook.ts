import { request } from 'node:http';
import { createExtenderMetrics } from '../../../extender/metrics.ts';
import { parseAnnotations } from '../../../extender/placement/annotations.ts';
import type { NodePower } from '../../../extender/placement/candidate-table.ts';
import { createPlacementDecisions } from '../../../extender/placement/decisions.ts';
import type { Mode } from '../../../extender/placement/mode.ts';
import { configuredDirectory, type NodeDirectory } from '../../../extender/placement/nodes.ts';
import { readNamespaceDefaults } from '../../../extender/placement/pod-policy.ts';
import { startSchedulerServer } from '../../../extender/webhook/server.ts';
import type { TlsFiles } from '../../../extender/webhook/tls.ts';
import { createVerbs } from '../../../extender/webhook/verbs.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import { cacheState } from '../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import type { GramsPerKwh, Watts } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { cacheText, WRITTEN_AT } from '../cache/cache-file.ts';

/** What a scheduler port under test answers from. */
export interface Setting {
  readonly cache?: string;
  readonly zones?: Readonly<Record<string, string>>;
  readonly defaultZone?: string;
  readonly directory?: NodeDirectory;
  readonly maxBodyBytes?: number;
  readonly tls?: TlsFiles;
  readonly mode?: Mode;
  /** Annotations by namespace. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly clusterAnnotations?: Readonly<Record<string, string>>;
  /** Watts per busy core by node. */
  readonly watts?: Readonly<Record<string, number>>;
  /** Replaces `watts`. */
  readonly power?: NodePower;
  /** Nodes above MAX_NODE_UTILISATION. */
  readonly above?: readonly string[];
  /** Intensity by zone and percentile. */
  readonly history?: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Starts a scheduler port on a free one, with a cache document and a clock that the test moves. */
export async function startScheduler(setting: Setting = {}) {
  const {
    cache = cacheText({ FR: 50, DE: 400, PL: 800 }),
    zones = {},
    defaultZone,
    maxBodyBytes = 1024 * 1024,
  } = setting;
  const clock = new FakeClock(WRITTEN_AT);
  const logger = capturedLog();
  let read = decodeCarbonCache(cache);
  const state = (): CacheState => cacheState(read, clock.now());
  const zoneMap = new Map(Object.entries(zones) as [string, Zone][]);
  const metrics = createExtenderMetrics(state);
  const namespaces = new Map(
    Object.entries(setting.namespaces ?? {}).map(([name, annotations]) => [name, readNamespaceDefaults(annotations)]),
  );
  const watts = new Map(Object.entries(setting.watts ?? {}));
  const ignored: string[] = [];
  const decisions = createPlacementDecisions({
    cache: state,
    directory: setting.directory ?? configuredDirectory(zoneMap, defaultZone as Zone | undefined),
    power: setting.power ?? { version: 0, wattsPerCore: (node) => watts.get(node) as Watts | undefined },
    utilisation: { above: new Set(setting.above) },
    history: {
      percentile: (zone, percent) => setting.history?.[zone]?.[percent] as GramsPerKwh | undefined,
    },
    namespaces: { of: (name) => namespaces.get(name) },
    cluster: { mode: setting.mode ?? 'enforce', preferences: parseAnnotations(setting.clusterAnnotations).preferences },
    metrics,
    clock,
    onInvalidAnnotations: (_pod, { invalid }) => ignored.push(...invalid.map(({ annotation }) => annotation)),
  });
  const verbs = createVerbs(decisions, metrics);
  const server = await startSchedulerServer({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes,
    tls: setting.tls,
    verbs,
    log: decisions.log,
    readiness: () => ({ ready: true }),
    metrics,
    clock,
    logger,
  });
  return {
    port: server.port,
    clock,
    logger,
    ignored,
    log: decisions.log,
    verbs,
    setCache(text: string) {
      read = decodeCarbonCache(text);
    },
    call: (path: string, body: string | Buffer, headers = {}) => send(server.port, 'POST', path, body, headers),
    send: (method: string, path: string, body = '', headers = {}) => send(server.port, method, path, body, headers),
    async scoresOf(body: string): Promise<Record<string, number>> {
      const { text } = await send(server.port, 'POST', '/prioritize', body);
      return Object.fromEntries((JSON.parse(text) as HostScore[]).map(({ Host, Score }) => [Host, Score]));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** One element of a prioritize answer. */
export interface HostScore {
  readonly Host: string;
  readonly Score: number;
}

/** Sends one request as kube-scheduler's client does, and reads the whole answer. */
export function send(port: number, method: string, path: string, body: string | Buffer, headers = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const all = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
    const call = request({ host: '127.0.0.1', port, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}
