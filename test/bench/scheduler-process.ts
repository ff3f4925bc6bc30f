import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createExtenderMetrics } from '../../extender/metrics.ts';
import { NO_POWER } from '../../extender/placement/candidate-table.ts';
import { NO_HISTORY } from '../../extender/placement/constraints.ts';
import { createPlacementDecisions } from '../../extender/placement/decisions.ts';
import { configuredDirectory } from '../../extender/placement/nodes.ts';
import { NO_NAMESPACES } from '../../extender/placement/pod-policy.ts';
import { startSchedulerServer } from '../../extender/webhook/server.ts';
import { createVerbs } from '../../extender/webhook/verbs.ts';
import { type CacheState, cacheState } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { cacheText } from '../extender/cache/cache-file.ts';

const ZONES = { FR: 45, DE: 380, 'US-CAL-CISO': 240, 'SE-SE3': 20, PL: 700 };

/** Runs as a process of its own, so that a bench's client does not share its event loop: `ours` or `no-op`. */
const start = process.argv[2] === 'ours' ? startOurs : startNoOp;
console.log(await start());

async function startOurs(): Promise<number> {
  const read = decodeCarbonCache(cacheText(ZONES, { at: Date.now(), ttlMinutes: 600 }));
  const state = (): CacheState => cacheState(read, Date.now());
  const zones = Object.keys(ZONES) as Zone[];
  const zoneMap = new Map(
    Array.from({ length: 10_000 }, (_, at) => [
      `node-${String(at).padStart(5, '0')}`,
      zones[at % zones.length] as Zone,
    ]),
  );
  const metrics = createExtenderMetrics(state);
  const decisions = createPlacementDecisions({
    cache: state,
    directory: configuredDirectory(zoneMap, undefined),
    power: NO_POWER,
    history: NO_HISTORY,
    namespaces: NO_NAMESPACES,
    cluster: { mode: 'enforce', preferences: {} },
    metrics,
    clock: systemClock,
  });
  const server = await startSchedulerServer({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 64 * 1024 * 1024,
    verbs: createVerbs(decisions, metrics),
    log: decisions.log,
    readiness: () => ({ ready: true }),
    metrics,
    clock: systemClock,
    logger: createLogger('bench', 'silent'),
  });
  return server.port;
}

/** What any extender must do at the least: parse the body, and answer a score for each name, here 0. */
async function startNoOp(): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { NodeNames } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { NodeNames: string[] };
      const body = Buffer.from(JSON.stringify(NodeNames.map((Host) => ({ Host, Score: 0 }))));
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
