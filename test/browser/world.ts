import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createApp } from '../../extender/api/app.ts';
import { extenderConfigSchema } from '../../extender/config.ts';
import type { WaitingList } from '../../extender/deferral/waiting-list.ts';
import { openReadingsApi } from '../../extender/readings/readings-api.ts';
import { builtInProfiles } from '../../shared/calculator/service-profiles.ts';
import { type CachedRegion, type CacheState, cacheState, encodeCarbonCache } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import type { Quality } from '../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf, JOULES_PER_KWH, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { Container, PowerSample } from '../../shared/records/power.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { type ListeningServer, listen } from '../../shared/runtime/http-server.ts';
import { capturedLog } from '../captured-log.ts';
import { sqliteRecording } from '../shared/store/opened-parts.ts';

/** Names that workloads could choose to harm a page: markup, right to left, as long as Kubernetes allows. */
export const HOSTILE = [
  '<img src=x onerror="document.title=1">',
  'שלום\u202Egnp.live',
  `long-${'x'.repeat(248)}`,
] as const;

/** Mean intensity of the invented zones in gCO2eq/kWh. */
export const ZONES: Readonly<Record<string, number>> = { SE: 24, FR: 48, ES: 131, DE: 342, PL: 688 };
const NODES: Readonly<Record<string, string>> = { 'node-se': 'SE', 'node-fr': 'FR', 'node-de': 'DE', 'node-pl': 'PL' };

/** What a world of a test holds. */
export interface WorldOptions {
  /** Quality of every intensity, and whether power is simulated. */
  readonly quality?: Quality;
  /** Power is invented although the intensities are not. */
  readonly simulatedPower?: boolean;
  /** Only the present hour of the intensities is recorded, and nothing is forecast. */
  readonly firstHour?: boolean;
  /** Pods beside those that every world has, each with a container and a day of hourly energy. */
  readonly manyPods?: number;
  readonly token?: string;
  readonly hostile?: boolean;
  /** Nothing is recorded, and there is no cache. */
  readonly empty?: boolean;
}

/** The API with the dashboard over an embedded store of its own, with two days of history up to now. */
export async function startWorld(options: WorldOptions = {}) {
  const { quality = 'measured', token, hostile = false, empty = false, firstHour = false } = options;
  const powerQuality = options.simulatedPower || quality === 'simulated' ? 'simulated' : 'measured';
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const logger = capturedLog();
  const config = loadConfig('extender', extenderConfigSchema, { DATA_DIR: folder, SITE_ZONES: 'berlin=DE' });
  const { history: store, decisions, workloads, meters } = stack.use(sqliteRecording(folder));
  const readings = stack.use(openReadingsApi(config, { store: meters, clock: systemClock, logger }));
  const now = systemClock.now();
  let cache: CacheState = { kind: 'missing', reason: 'the file does not exist' };
  if (!empty) {
    cache = cacheOf(now, quality, now);
    const recorded = history(now, quality);
    await store.record(firstHour ? recorded.filter(({ hour }) => hour === hourOf(now)) : recorded);
    for (const tick of energy(now, powerQuality, hostile)) await store.append(tick);
    for (const tick of manyPods(now, options.manyPods ?? 0)) await store.append(tick);
    await decisions.recordDecisions(placements(now, hostile));
    await workloads.setBudget({ kind: 'namespace', name: 'shop', per: 'week', grams: 40_000 });
    await workloads.setBudget({ kind: 'namespace', name: hostile ? HOSTILE[0] : 'batch', per: 'month', grams: 500 });
  }
  const app = createApp({
    store,
    workloads,
    readings,
    decisions,
    profiles: builtInProfiles(),
    zoneOfNode: (node) => (NODES[node] === undefined ? undefined : zone(NODES[node])),
    clock: systemClock,
    logger,
    metrics: createApiMetrics(),
    mode: 'local',
    cache: () => cache,
    ...(!empty && { waiting: () => waitingList(now, hostile) }),
    token,
  });
  let server: ListeningServer = await listen(app, { host: '127.0.0.1', port: 0 });
  const { port } = server;
  const stop = async () => {
    server.server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  };
  stack.defer(stop);
  const running = stack.move();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    /** DATA_DIR of its store. */
    folder,
    log: logger,
    decisions,
    stop,
    start: async () => {
      server = await listen(app, { host: '127.0.0.1', port });
    },
    setCache: (ageMs: number) => {
      cache = cacheOf(systemClock.now() - ageMs, quality, systemClock.now());
    },
    loseCache: (reason: string) => {
      cache = { kind: 'missing', reason };
    },
    // biome-ignore lint/suspicious/noExplicitAny: a test compares an answer with what the page shows of it.
    get: async (path: string): Promise<any> =>
      (await fetch(url + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).json(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A daily wave, lowest at 13 UTC, on a zone's mean. */
function wave(mean: number, at: number): number {
  return mean * (1 + 0.35 * Math.cos(((at / HOUR_MS - 1) / 24) * 2 * Math.PI));
}

function cacheOf(writtenAt: number, quality: Quality, now: number): CacheState {
  const regions = Object.entries(ZONES).map(([code, mean]): CachedRegion => {
    const hour = hourOf(writtenAt);
    const forecast = Array.from({ length: 24 }, (_, ahead) => {
      const value = wave(mean, hour + ahead * HOUR_MS);
      const spread = 0.02 * ahead * mean * 0.4;
      const [low, high] = [gramsPerKwh(Math.max(0, value - spread)), gramsPerKwh(value + spread)];
      return { datetime: hour + ahead * HOUR_MS, carbonIntensity: gramsPerKwh(value), low, high };
    });
    return {
      zone: zone(code),
      carbonIntensity: gramsPerKwh(Math.round(wave(mean, hour))),
      datetime: hour,
      fetchedAt: writtenAt,
      updatedAt: null,
      createdAt: null,
      emissionFactorType: 'lifecycle',
      isEstimated: false,
      estimationMethod: null,
      provider: 'recorded-provider',
      signal: 'average',
      quality: code === 'PL' && quality === 'measured' ? 'estimated' : quality,
      ...(code !== 'SE' && { forecast, forecastSource: 'recorded-provider' }),
    };
  });
  return cacheState(decodeCarbonCache(encodeCarbonCache(regions, writtenAt, 10) ?? ''), now);
}

function history(now: number, quality: Quality) {
  return Object.entries(ZONES).flatMap(([code, mean]) =>
    Array.from({ length: 72 }, (_, back) => back)
      // An hour that nobody knows: a gap of the line.
      .filter((back) => back !== 30)
      .map((back) => {
        const hour = hourOf(now) - back * HOUR_MS;
        const carbonIntensity = gramsPerKwh(Math.round(wave(mean, hour) * 10) / 10);
        return {
          zone: zone(code),
          hour,
          carbonIntensity,
          provider: 'recorded-provider',
          signal: 'average' as const,
          quality,
        };
      }),
  );
}

function energy(now: number, powerQuality: 'simulated' | 'measured', hostile: boolean) {
  const of = (namespace: string, pod: string, node: string, kwh: number): [Container, number] => [
    { namespace, pod, container: 'app', node, powerQuality },
    kwh,
  ];
  const all = [
    of('shop', 'checkout-7d9f', 'node-de', 0.42),
    of('shop', 'search-5b6c', 'node-fr', 0.31),
    of('batch', 'nightly-report', 'node-pl', 0.18),
    of('monitoring', 'prometheus-0', 'node-se', 0.12),
    of('lost', 'stray', 'node-nowhere', 0.05),
    ...(hostile ? HOSTILE.map((text, at) => of(text, `${text.slice(0, 200)}-${at}`, 'node-de', 0.1 + at / 10)) : []),
  ];
  return Array.from({ length: 12 * 60 }, (_, minute) => {
    const start = hourOf(now) - 12 * HOUR_MS + minute * 60_000;
    const samples = all.map(
      ([container, kwh]): PowerSample => ({
        container,
        start,
        end: start + 60_000,
        joules: joules((kwh * JOULES_PER_KWH) / 60),
      }),
    );
    return { target: 'recorded', samples };
  });
}

/** Twenty namespaces of pods of Deployments, with hourly energy over a day. */
function manyPods(now: number, count: number) {
  const pods = Array.from({ length: count }, (_, index): Container => {
    const suffix = index
      .toString(10)
      .padStart(5, '0')
      .replaceAll(/\d/g, (digit) => 'bcdfghjklm'[Number(digit)] ?? 'b');
    const app = `service-${Math.floor(index / 20)}`;
    return { namespace: `team-${index % 20}`, pod: `${app}-7c9f6b8d5d-${suffix}`, container: 'app', node: 'node-de' };
  });
  return Array.from({ length: count > 0 ? 24 : 0 }, (_, hour) => {
    const start = hourOf(now) - (24 - hour) * HOUR_MS;
    const samples = pods.map(
      (container, index): PowerSample => ({
        container,
        start,
        end: start + HOUR_MS,
        joules: joules(36_000 + index * 10),
      }),
    );
    return { target: 'many', samples };
  });
}

/** One with a plan and one without, and more than are listed. */
function waitingList(now: number, hostile: boolean): WaitingList {
  const hour = hourOf(now);
  const of = { kind: 'Pod', namespace: 'batch', arrivedAt: hour, deadline: hour + 9 * HOUR_MS } as const;
  const planned = {
    ...{ plannedStart: hour + 4 * HOUR_MS, expectedSavingPercent: 31.4, zone: 'FR' },
    pieces: [{ start: hour + 4 * HOUR_MS, end: hour + 6 * HOUR_MS, ran: false }],
  };
  const unplanned = { plannedStart: null, expectedSavingPercent: null };
  const entries = [
    { ...of, name: hostile ? HOSTILE[0] : 'train-model', ...planned },
    { ...of, name: 'thumbnails', ...unplanned },
    {
      ...{ ...of, ...planned, name: 'render', arrivedAt: hour - 5 * HOUR_MS, pausedAt: hour - HOUR_MS },
      pieces: [{ start: hour - 3 * HOUR_MS, end: hour - HOUR_MS, ran: true }, ...planned.pieces],
    },
  ];
  return { deferral: 'on', total: 4, entries };
}

function placements(now: number, hostile: boolean): Decision[] {
  const lately = Array.from({ length: 9 }, (_, at): Decision => {
    const [node, code] = Object.entries(NODES)[at % 3] as [string, string];
    return {
      uid: `uid-${at}`,
      namespace: 'batch',
      pod: hostile ? (HOSTILE[at % 3] as string) : `resize-${at}`,
      ownerKind: 'Job',
      ownerName: 'resize',
      node,
      zone: at === 8 ? null : zone(code),
      intensity: at === 8 ? null : gramsPerKwh(ZONES[code] as number),
      quality: at === 8 ? null : 'measured',
      intensityAgeMs: 60_000,
      candidates: 4,
      candidateZones: null,
      candidatesMean: gramsPerKwh(280),
      candidatesWorst: gramsPerKwh(688),
      candidatesBest: gramsPerKwh(24),
      mode: at % 4 === 3 ? 'advise' : 'enforce',
      arrivedAt: null,
      releasedAt: null,
      latestStart: null,
      decidedAt: now - at * 300_000,
      boundAt: now - at * 300_000,
    };
  });
  // Two that were measured, so that there is something saved, and something lost.
  const measured = [
    ['shop', 'search-5b6c', 'FR'],
    ['batch', 'nightly-report', 'PL'],
  ].map(
    ([namespace = '', pod = '', code = '']): Decision => ({
      ...(lately[0] as Decision),
      ...{ uid: pod, namespace, pod, zone: zone(code), node: `node-${code.toLowerCase()}` },
      intensity: gramsPerKwh(ZONES[code] as number),
      decidedAt: now - 6 * HOUR_MS,
      boundAt: now - 6 * HOUR_MS,
    }),
  );
  return [...lately, ...measured];
}
