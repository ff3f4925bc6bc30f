import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiMetrics } from '../../../extender/api/api-metrics.ts';
import { createApp, routes } from '../../../extender/api/app.ts';
import { podLabels } from '../../../extender/api/emissions/labels.ts';
import { storedFacility } from '../../../extender/api/facility.ts';
import type { ApiDependencies } from '../../../extender/api/route.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import type { WaitingList } from '../../../extender/deferral/waiting-list.ts';
import { openReadingsApi } from '../../../extender/readings/readings-api.ts';
import { builtInProfiles } from '../../../shared/calculator/service-profiles.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import type { Quality, Signal } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Decision } from '../../../shared/records/placements.ts';
import type { Container, PowerSample } from '../../../shared/records/power.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { contractsOf } from '../../../shared/runtime/contracts-file.ts';
import { facilitySettingsOf } from '../../../shared/runtime/facility-settings.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import type { RecordingStore } from '../../../shared/store/store.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { sqliteRecording } from '../../shared/store/opened-parts.ts';

/** The time at which every test's clock stands. */
export const NOON = Date.parse('2026-01-01T12:00:00Z');
/** A container on node n1, which stands in DE. */
export const web: Container = { namespace: 'shop', pod: 'web-0', container: 'app', node: 'n1' };

/** Nodes whose zone is known. */
const zoneOfNode = (node: string) => ({ n1: zone('DE'), n2: zone('FR') })[node];

/** Serves the API over an empty embedded store of its own, or over a store that it closes. */
export async function start(
  token?: string,
  cache?: () => CacheState,
  waiting?: () => WaitingList,
  env: Record<string, string> = {},
  recording?: RecordingStore,
) {
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  const opened = recording ?? sqliteRecording(folder);
  const { history: store, decisions, workloads } = opened;
  const log = capturedLog();
  const metrics = createApiMetrics();
  const clock = new FakeClock(NOON);
  const settings = { DATA_DIR: folder, SITE_ZONES: 'quay-1=DE,dock-9=FR', ...env };
  const config = loadConfig('extender', extenderConfigSchema, settings);
  const readings = openReadingsApi(config, { store: opened.meters, clock, logger: log });
  const deps: ApiDependencies = {
    store,
    readings,
    decisions,
    workloads,
    profiles: builtInProfiles(),
    clock,
    logger: log,
    metrics,
    mode: 'local',
    token,
    browsers: { allowedHosts: config.ALLOWED_HOSTS, corsOrigins: config.API_CORS_ORIGINS },
    prices: config.PRICE_PER_KWH,
    currency: config.PRICE_CURRENCY,
    contracts: contractsOf(config.CONTRACTS_FILE),
    cluster: config.CLUSTER_NAME,
    zoneOfNode,
    facility: storedFacility(opened.nodeMachines, facilitySettingsOf(config), clock),
    labels: podLabels(store),
    ...(cache && { cache }),
    ...(waiting && { waiting }),
  };
  const server = await listen(createApp(deps), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(url + path, init);
    const type = response.headers.get('content-type');
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into an answer whose shape it is about to check.
    return { status: response.status, type, body: (await response.json()) as any };
  };
  const sendJson = (method: string, path: string, body: unknown) =>
    ask(path, {
      method: method.toUpperCase(),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return {
    nodeMachines: opened.nodeMachines,
    url,
    /** DATA_DIR of the server. */
    folder,
    /** What the server was made to handle. */
    operations: routes(deps).map(({ operation }) => operation),
    log,
    store,
    readings,
    workloads,
    clock,
    /** Records decisions as the extender does. */
    async decide(...made: readonly Decision[]) {
      await decisions.recordDecisions(made);
    },
    get: (path: string, headers = {}) => ask(path, { headers }),
    post: (path: string, body: unknown) => sendJson('POST', path, body),
    send: sendJson,
    /** Energy of the web container over some seconds that end some seconds after noon. */
    power: (end: number, energy: number, seconds = 15) =>
      store.append({
        target: 't',
        samples: [
          { container: web, start: NOON + (end - seconds) * 1000, end: NOON + end * 1000, joules: joules(energy) },
        ],
      }),
    /** Energy of any containers over an hour counted from noon, one sample a minute. */
    async hour(hour: number, ...energies: (readonly [Container, number])[]) {
      for (let minute = 0; minute < 60; minute += 1) {
        const start = NOON + hour * HOUR_MS + minute * 60_000;
        const samples = energies.map(
          ([container, energy]): PowerSample => ({
            container,
            start,
            end: start + 60_000,
            joules: joules(energy / 60),
          }),
        );
        await store.append({ target: `of ${energies[0]?.[0].pod}`, samples });
      }
    },
    /** An hour's intensity, counted from noon. */
    intensity: (code: string, hour: number, value: number, quality: Quality = 'measured', signal: Signal = 'average') =>
      store.record([
        {
          zone: zone(code),
          hour: NOON + hour * HOUR_MS,
          carbonIntensity: gramsPerKwh(value),
          provider: 'test',
          signal,
          quality,
        },
      ]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await readings[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
