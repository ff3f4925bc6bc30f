import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import packageJson from '../package.json' with { type: 'json' };
import type { CacheState } from '../shared/grid/carbon-cache.ts';
import { createDeferralMetrics } from './deferral/deferral-metrics.ts';
import { createPlacementMetrics, type PlacementProbes } from './placement/placement-metrics.ts';
import { createRequestHistogram } from './request-histogram.ts';
import { createTlsMetrics } from './webhook/tls-metrics.ts';

/** All metrics of the extender's scheduler port, on their own registry, in base units. */
export type ExtenderMetrics = ReturnType<typeof createExtenderMetrics>;

/** From 50 µs to 2 s, the longest sensible httpTimeout. */
const LATENCY_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2,
];

const nothingWatched = (): CacheState => ({ kind: 'missing', reason: 'no file is watched' });

const CACHE_STATES = ['fresh', 'stale', 'missing'] as const;

/** Makes the extender's metrics; each process and each test has its own. `cache` and the probes are read at each scrape. */
export function createExtenderMetrics(cache: () => CacheState = nothingWatched, probes: PlacementProbes = {}) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  registerBuildInfo(registers);
  registerCacheMetrics(registers, cache);
  const seconds = createRequestHistogram(registry, {
    name: 'carbon_extender_call_duration_seconds',
    help: 'Time from the head of a kube-scheduler request to its response, by verb and outcome: ok, neutral, bad-request, too-large, aborted, failed',
    labelNames: ['verb', 'outcome'],
    buckets: LATENCY_BUCKETS,
  });
  const names = createRequestHistogram(registry, {
    name: 'carbon_extender_call_nodes',
    help: 'Candidate nodes in a kube-scheduler request',
    labelNames: ['verb'],
    buckets: [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
  });
  const neutral = new Counter({
    name: 'carbon_extender_neutral_answers_total',
    help: 'Prioritize responses with equal scores, by reason: stale or missing cache file, unknown intensity of every node, mode advise or off',
    labelNames: ['reason'],
    registers,
  });
  const refused = new Counter({
    name: 'carbon_extender_refused_connections_total',
    help: 'Connections to EXTENDER_PORT that were closed at once, by the limit that was reached: total, per-address',
    labelNames: ['reason'],
    registers,
  });
  const reviews = new Counter({
    name: 'carbon_extender_admission_reviews_total',
    help: 'Objects reviewed by the admission webhook, by outcome: changed, unchanged, invalid',
    labelNames: ['outcome'],
    registers,
  });
  return {
    registry,
    deferral: createDeferralMetrics(registry),
    tls: createTlsMetrics(registers),
    ...createPlacementMetrics(registers, probes),
    /** Counts one request of kube-scheduler and its duration in seconds. */
    observeCall: (verb: string, outcome: string, took: number): void => seconds.observe(took, verb, outcome),
    /** Counts the candidate nodes of one request. */
    countNames: (verb: string, count: number): void => names.observe(count, verb),
    /** Counts a connection over a limit. */
    countRefusedConnection: (reason: string): void => refused.inc({ reason }),
    /** Counts one review of the admission webhook. */
    countReview: (outcome: string): void => reviews.inc({ outcome }),
    /** Counts one response that prefers no node. */
    countNeutral: (reason: string): void => neutral.inc({ reason }),
  };
}

function registerBuildInfo(registers: Registry[]): void {
  const info = new Gauge({
    name: 'carbon_extender_build_info',
    help: 'Always 1; the labels name the running versions',
    labelNames: ['version', 'node_version'],
    registers,
  });
  info.set({ version: packageJson.version, node_version: process.version }, 1);
}

function registerCacheMetrics(registers: Registry[], cache: () => CacheState): void {
  new Gauge({
    name: 'carbon_extender_cache_state',
    help: '1 for the state that the cache file is in (fresh, stale, missing), 0 for the others',
    labelNames: ['state'],
    registers,
    collect() {
      const { kind } = cache();
      for (const state of CACHE_STATES) this.set({ state }, state === kind ? 1 : 0);
    },
  });
  new Gauge({
    name: 'carbon_extender_cache_age_seconds',
    help: 'Age of the cache document; NaN while it is missing',
    registers,
    collect() {
      const state = cache();
      this.set(state.kind === 'missing' ? Number.NaN : state.ageMs / 1_000);
    },
  });
}
