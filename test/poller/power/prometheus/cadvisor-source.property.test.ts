import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { CadvisorSource } from '../../../../poller/power/prometheus/cadvisor-source.ts';
import { MAX_GAP_MS } from '../../../../poller/power/prometheus/recorded-windows.ts';
import { nodePowerModels, wattsAt } from '../../../../shared/power-model/node-model.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';
import { capturedLog } from '../../../captured-log.ts';
import { FakeClock } from '../../../fake-clock.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const STEP_MS = 15_000;
const CPU = 'container_cpu_usage_seconds_total';
const model = nodePowerModels()({ vcpus: 4, memoryGb: 16 });
if (model === undefined) throw new Error('the generic model needs no more than CPUs');
const known = model;

describe('modelled energy from cAdvisor’s counters in a Prometheus', () => {
  it('of containers, idle and system is that of the node by its model, over restarts, gaps and failed readings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cycle, { minLength: 2, maxLength: 20 }), async (cycles) => {
        const { recorded, modelled, samples } = await run(cycles);

        // Each sample is rounded to a millijoule.
        expect(Math.abs(recorded - modelled)).toBeLessThanOrEqual(samples);
        expect(recorded).toBeGreaterThan(0);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 30_000 },
    );
  }, 60_000);
});

type Cycle = typeof cycle extends fc.Arbitrary<infer Of> ? Of : never;

/** Thousandths of cores that are busy until the next scrape, and what happens then. */
const cycle = fc.record({
  a: fc.nat(1_300),
  b: fc.nat(1_300),
  rest: fc.nat(1_300),
  restartsA: fc.boolean(),
  /** How much earlier than the node cAdvisor measured the second container. */
  lateSeconds: fc.nat(9),
  missedScrapes: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60 })),
  reads: fc.constantFrom('no', 'yes', 'fails'),
});

/** Containers rest: what they were ahead of their node by is taken off what runs beside them. */
const REST: Cycle = { a: 0, b: 0, rest: 3_000, restartsA: false, lateSeconds: 0, missedScrapes: 0, reads: 'no' };
const SETTLED = [REST, REST, REST, REST];

/** Millijoules that were recorded, and that the model has for the node between scrapes that compare. */
async function run(cycles: readonly Cycle[]) {
  const clock = new FakeClock(NOON);
  await using prometheus = await serve();
  await using reading = source(prometheus.url, clock);
  // CPU time in milliseconds.
  const totals = { a: 50_000, b: 70_000, node: 900_000 };
  let [startedAt, modelled] = [NOON - 50_000, 0];
  let last: { readonly at: number; readonly node: number } | undefined;
  const all = cycles.flatMap((each) => (each.missedScrapes > 0 ? [...SETTLED, each] : [each]));
  for (const { a, b, rest, ...then } of [...all, ...SETTLED, { ...REST, reads: 'yes' as const }]) {
    const seconds = (STEP_MS / 1000) * (1 + then.missedScrapes);
    await clock.advance(seconds * 1000);
    const at = clock.now();
    if (then.restartsA) startedAt = at - 5_000;
    totals.a = then.restartsA ? a * 5 : totals.a + a * seconds;
    totals.b += b * seconds;
    totals.node += (a + b + rest) * seconds;
    prometheus.add(CPU, { id: '/' }, at, totals.node);
    prometheus.container('a', startedAt, at, totals.a);
    prometheus.container('b', NOON - 70_000, at - then.lateSeconds * 1000, totals.b - b * then.lateSeconds);
    if (last !== undefined && at - last.at <= MAX_GAP_MS)
      modelled += wattsAt(known, (totals.node - last.node) / (at - last.at) / known.vcpus) * (at - last.at);
    last = { at, node: totals.node };
    if (then.reads === 'no') continue;
    await clock.advance(6_000);
    prometheus.fails = then.reads === 'fails';
    await reading.readNew();
    await clock.advance(9_000);
  }
  const recorded = reading.samples.reduce((sum, { joules }) => sum + Math.round(joules * 1000), 0);
  return { recorded, modelled, samples: reading.samples.length };
}

function source(url: string, clock: FakeClock) {
  const samples: PowerSample[] = [];
  const settings = { PROMETHEUS_URL: url, PROMETHEUS_BACKFILL: '1h', NODE_TYPES: 'n1=4x16' };
  const cadvisor = new CadvisorSource({
    config: loadConfig('poller', pollerConfigSchema, settings),
    url,
    store: { append: async (tick) => void samples.push(...tick.samples) },
    lastMeasurement: async () => undefined,
    clock,
    logger: capturedLog(),
    metrics: createPowerMetrics(new Registry()),
  });
  return {
    samples,
    readNew: () => cadvisor.readNew(new Set(), new AbortController().signal),
    [Symbol.asyncDispose]: () => cadvisor[Symbol.asyncDispose](),
  };
}

/** A query API that has what cAdvisor showed of one node, and gives raw samples as Prometheus does. */
async function serve() {
  const series = new Map<string, { metric: Record<string, string>; values: [seconds: number, value: string][] }>();
  const api = await listen(
    (request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const form = new URLSearchParams(text);
        const [query, until] = [form.get('query') ?? '', Number(form.get('time'))];
        const since = until - Number(/\[(\d+)s\]/.exec(query)?.[1]);
        const ofNode = query.includes('id="/"');
        const result = [...series.values()].flatMap(({ metric, values }) => {
          const within = values.filter(([at]) => at > since && at <= until);
          const wanted = !query.includes('machine_') && (metric.id === '/') === ofNode;
          return within.length === 0 || !wanted ? [] : [{ metric, values: within }];
        });
        const body = { status: 'success', data: { resultType: 'matrix', result } };
        response.writeHead(prometheus.fails ? 503 : 200).end(JSON.stringify(body));
      });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const prometheus = {
    url: `http://127.0.0.1:${api.port}`,
    fails: false,
    /** Adds a sample in thousandths. */
    add(name: string, labels: Record<string, string>, at: number, thousandths: number) {
      const metric = { __name__: name, node: 'n1', ...labels };
      const key = JSON.stringify(metric);
      const one = series.get(key) ?? { metric, values: [] as [number, string][] };
      series.set(key, one);
      one.values.push([at / 1000, String(thousandths / 1000)]);
    },
    /** A container that was restarted has a cgroup, and so a series, of its own. */
    container(pod: string, startedAt: number, at: number, cpuMs: number) {
      const labels = { namespace: 'shop', pod, container: 'app', id: `/kubepods/${pod}/${startedAt}` };
      prometheus.add(CPU, labels, at, cpuMs);
      prometheus.add('container_memory_working_set_bytes', labels, at, 1e12);
      prometheus.add('container_start_time_seconds', labels, at, startedAt);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
  return prometheus;
}
