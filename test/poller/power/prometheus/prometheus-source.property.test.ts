import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_GAP_MS } from '../../../../poller/power/prometheus/recorded-windows.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { source } from './prometheus-reading.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const EXPORTER = { job: 'kepler', instance: '10.0.0.1:28282' };

describe('energy of Kepler from a Prometheus', () => {
  it('of containers, idle and system is that of the node’s counters, over resets, gaps, failed readings and late samples', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(cycle, { minLength: 2, maxLength: 20 }), lateMs, async (cycles, late) => {
        const { recorded, counted } = await run(cycles, late);

        expect(recorded).toEqual(counted);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 30_000 },
    );
  }, 60_000);
});

/** How long it takes until a sample can be queried: a store that is written to remotely has them later. */
const lateMs = fc.constantFrom(0, 20_000, 100_000, 300_000);

type Cycle = typeof cycle extends fc.Arbitrary<infer Of> ? Of : never;

/** Growth in millijoules until the next scrape of Prometheus, and what happens then. */
const cycle = fc.record({
  a: fc.nat(900_000),
  b: fc.nat(900_000),
  rest: fc.nat(900_000),
  idle: fc.nat(900_000),
  exporterRestarts: fc.boolean(),
  /** Kepler does not show the second container: it was idle, or is gone. */
  hidesB: fc.boolean(),
  /** Prometheus was away, for some scrapes or for longer than its samples can be compared. */
  missedScrapes: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60 })),
  reads: fc.constantFrom('no', 'yes', 'fails'),
});

const QUIET: Cycle = {
  a: 0,
  b: 0,
  rest: 0,
  idle: 0,
  exporterRestarts: false,
  hidesB: false,
  missedScrapes: 0,
  reads: 'no',
};
/** A scrape after which containers are no longer ahead of their node: what they were is taken off its remainder. */
const SETTLED: Cycle = { ...QUIET, rest: 200_000_000 };

/** Millijoules that were recorded, and those that the node's counters rose by between scrapes that compare. */
async function run(cycles: readonly Cycle[], late: number) {
  const clock = new FakeClock(NOON);
  await using prometheus = await serve(() => clock.now() - late);
  await using reading = source(prometheus.url, clock);
  const totals = { a: 5_000, b: 7_000, active: 90_000_000, idle: 40_000_000 };
  const counted = { active: 0, idle: 0 };
  let last: { readonly at: number; readonly active: number; readonly idle: number } | undefined;
  const settled = cycles.flatMap((each) => (each.missedScrapes > 0 ? [SETTLED, each] : [each]));
  for (const { missedScrapes, reads, ...grown } of [...settled, SETTLED, { ...QUIET, reads: 'yes' as const }]) {
    await clock.advance(15_000 * (1 + missedScrapes));
    grow(totals, grown);
    const at = clock.now();
    prometheus.scraped(at, totals, grown.hidesB);
    if (last !== undefined && at - last.at <= MAX_GAP_MS) {
      counted.active += rise(last.active, totals.active);
      counted.idle += rise(last.idle, totals.idle);
    }
    last = { at, active: totals.active, idle: totals.idle };
    if (reads === 'no') continue;
    await clock.advance(6_000);
    prometheus.fails = reads === 'fails';
    await reading.readNew();
    await clock.advance(9_000);
  }
  await clock.advance(late);
  await reading.readNew();
  const recorded = { active: 0, idle: 0 };
  for (const { container, joules } of reading.samples)
    recorded[container.namespace === '__idle__' ? 'idle' : 'active'] += Math.round(joules * 1000);
  return { recorded, counted };
}

function grow(
  totals: { a: number; b: number; active: number; idle: number },
  { a, b, rest, idle, exporterRestarts }: Pick<Cycle, 'a' | 'b' | 'rest' | 'idle' | 'exporterRestarts'>,
): void {
  if (exporterRestarts) Object.assign(totals, { a: 0, b: 0, active: 0, idle: 0 });
  totals.a += a;
  totals.b += b;
  totals.active += a + b + rest;
  totals.idle += idle;
}

/** What a counter rose by, as `increase` has it: one that fell has counted from zero. */
function rise(before: number, now: number): number {
  const rounding = Math.max(1, before * 1e-9);
  return now < before - rounding ? now : Math.max(0, now - before);
}

/** A query API that has what one exporter showed at each scrape, and gives raw samples as Prometheus does. */
async function serve(visibleUntil: () => number) {
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
        const found = [...series.values()].flatMap(({ metric, values }) => {
          const within = values.filter(([at]) => at > since && at <= until && at * 1000 <= visibleUntil());
          return within.length === 0 ? [] : [{ metric, values: within }];
        });
        const data = query.startsWith('group')
          ? { resultType: 'vector', result: found.slice(0, 1).map(() => ({ metric: EXPORTER, value: [until, '1'] })) }
          : { resultType: 'matrix', result: found };
        response.writeHead(prometheus.fails ? 503 : 200).end(JSON.stringify({ status: 'success', data }));
      });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const add = (at: number, name: string, labels: Record<string, string>, millijoules: number) => {
    const dram = Math.floor(millijoules / 4);
    for (const [zone, value] of Object.entries({ package: millijoules - dram, dram })) {
      const metric = { __name__: name, ...EXPORTER, node_name: 'n1', zone, ...labels };
      const key = JSON.stringify(metric);
      const known = series.get(key) ?? { metric, values: [] as [number, string][] };
      series.set(key, known);
      known.values.push([at / 1000, String(value / 1000)]);
    }
  };
  const prometheus = {
    url: `http://127.0.0.1:${api.port}`,
    fails: false,
    scraped(at: number, totals: { a: number; b: number; active: number; idle: number }, hidesB: boolean) {
      for (const id of hidesB ? (['a'] as const) : (['a', 'b'] as const)) {
        const pod = { pod_id: `pod-${id}` };
        add(at, 'kepler_container_cpu_joules_total', { container_id: id, container_name: 'app', ...pod }, totals[id]);
        add(at, 'kepler_pod_cpu_joules_total', { pod_name: id, pod_namespace: 'shop', ...pod }, totals[id]);
      }
      add(at, 'kepler_node_cpu_active_joules_total', {}, totals.active);
      add(at, 'kepler_node_cpu_idle_joules_total', {}, totals.idle);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
  return prometheus;
}
