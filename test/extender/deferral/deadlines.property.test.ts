// Flow: deadlines of the deferral controller in random worlds.
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type ControllerParts, createController } from '../../../extender/deferral/controller.ts';
import { deadlineOf } from '../../../extender/deferral/decide.ts';
import { createDeferralMetrics } from '../../../extender/deferral/deferral-metrics.ts';
import { type WaitingWork, waitingPod } from '../../../extender/deferral/waiting-work.ts';
import { windowMean } from '../../../shared/deferral/plan.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import { HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { KubernetesClient } from '../../../shared/runtime/kubernetes/client.ts';
import { capturedLog } from '../../captured-log.ts';
import { annotation, gatedPod } from './gated.ts';
import { gridState } from './grid-document.ts';

const START = Date.parse('2026-03-02T00:00:00Z');
const PERIOD = 60_000;
const PERIODS = 12 * 60;

const job = fc.record({
  arrival: fc.integer({ min: 0, max: 4 * 60 }),
  delayMinutes: fc.integer({ min: 1, max: 7 * 60 }),
  durationMinutes: fc.integer({ min: 5, max: 300 }),
  minSaving: fc.integer({ min: 0, max: 40 }),
});
const span = fc.record({ from: fc.integer({ min: 2, max: PERIODS }), minutes: fc.integer({ min: 1, max: 120 }) });
const world = fc.record({
  trace: fc.array(fc.integer({ min: 20, max: 900 }), { minLength: 48, maxLength: 48 }),
  noise: fc.array(fc.integer({ min: -150, max: 150 }), { minLength: 48, maxLength: 48 }),
  jobs: fc.array(job, { minLength: 1, maxLength: 8 }),
  gridOutages: fc.array(span, { maxLength: 2 }),
  apiOutages: fc.array(span, { maxLength: 2 }),
  jumps: fc.array(
    fc.record({ at: fc.integer({ min: 1, max: PERIODS }), minutes: fc.integer({ min: -180, max: 180 }) }),
    {
      maxLength: 2,
    },
  ),
  restarts: fc.array(fc.integer({ min: 1, max: PERIODS }), { maxLength: 3 }),
  releasePerMinute: fc.integer({ min: 1, max: 10 }),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** A cluster with the controller on it, minute by minute; what it promises is asserted on the way. */
async function live(given: World): Promise<{ planned: number; released: number; reasons: Set<string> }> {
  let wall = START;
  let steady = 0;
  let minute = 0;
  const within = (spans: World['gridOutages']) =>
    spans.some(({ from, minutes }) => minute >= from && minute < from + minutes);
  const pods = new Map<string, ReturnType<typeof gatedPod>>();
  const reasons = new Set<string>();
  const documents = new Map<number, CacheState>();
  let planned = 0;
  const grid = (): CacheState => {
    const hour = Math.floor((wall - START) / HOUR_MS);
    const at = (ahead: number) => {
      const index = (((hour + ahead) % 48) + 48) % 48;
      return Math.max(
        1,
        (given.trace[index] ?? 0) + (ahead > 0 ? (given.noise[(index + hour + 48 * 4) % 48] ?? 0) : 0),
      );
    };
    const made = documents.get(hour) ?? gridState({ DE: Array.from({ length: 24 }, (_, ahead) => at(ahead)) }, wall);
    documents.set(hour, made);
    if (made.kind === 'missing' || !within(given.gridOutages)) return made;
    return { ...made, kind: 'stale' };
  };
  const client = {
    server: 'none',
    watch: async () => ({ kind: 'closed' }) as const,
    async request(_method: string, path: string, body: { value: unknown }) {
      if (within(given.apiOutages)) throw new Error('connection refused');
      const pod = pods.get(path.split('/').at(-1) ?? '');
      if (!path.includes('/pods/') || !pod) return {};
      const { metadata, spec } = body.value as { metadata: { annotations: Record<string, string> }; spec?: unknown };
      pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations };
      if (spec) {
        reasons.add(annotation(pod, 'released-because') ?? '');
        pod.spec.schedulingGates = [];
      } else {
        planned += 1;
        assertNoWorse(pod, grid(), wall);
      }
      return {};
    },
  } as unknown as KubernetesClient;
  const waiting = (): WaitingWork[] => [...pods.values()].flatMap((pod) => waitingPod(pod) ?? []);
  const restart = () =>
    createController({
      client,
      cache: grid,
      zones: () => [zone('DE')],
      mode: 'on',
      periodMs: PERIOD,
      releasePerMinute: given.releasePerMinute,
      defaultDurationHours: 1,
      lease: { namespace: 'x', identity: 'x' },
      metrics: createDeferralMetrics(new Registry()),
      clock: { now: () => wall, monotonic: () => steady, sleep: async () => undefined },
      logger: capturedLog(),
      leadership: { leads: () => !within(given.apiOutages), firstAttempt: Promise.resolve() },
      writeEvent: () => undefined,
      waiting: { all: waiting, running: () => [] },
      durationOf: () => undefined,
    } satisfies ControllerParts);
  let reconcile = restart();
  let startedAt = 0;
  for (minute = 0; minute < PERIODS; minute++) {
    for (const { at, minutes } of given.jumps) if (at === minute) wall += minutes * 60_000;
    for (const [index, { arrival, delayMinutes, durationMinutes, minSaving }] of given.jobs.entries()) {
      if (arrival !== minute) continue;
      const own = { 'max-delay': `${delayMinutes}m`, duration: `${durationMinutes}m`, 'min-saving': `${minSaving}` };
      const pod = gatedPod(`p${index}`, own, wall);
      pod.metadata.uid = `u${index}`;
      pods.set(`p${index}`, pod);
    }
    if (given.restarts.includes(minute)) {
      reconcile = restart();
      startedAt = minute;
    }
    await reconcile(new AbortController().signal);
    if (!within(given.apiOutages)) {
      for (const work of waiting()) {
        expect(wall - deadlineOf(work), 'a deadline was missed').toBeLessThan(PERIOD);
        const isStarting = minute - startedAt < 2;
        expect(within(given.gridOutages) && !isStarting, 'a pod stayed gated with a lost signal').toBe(false);
      }
    }
    wall += PERIOD;
    steady += PERIOD;
  }
  return { planned, released: pods.size - waiting().length, reasons };
}

/** The planned start is expected to be at most as dirty as running at once, by the very forecast that it was made from. */
function assertNoWorse(pod: ReturnType<typeof gatedPod>, state: CacheState, now: number): void {
  if (state.kind !== 'fresh') throw new Error('planned without a signal');
  const region = state.snapshot.regions.get(zone('DE'));
  const present = { datetime: hourOf(now), carbonIntensity: region?.carbonIntensity as never };
  const forecast = [present, ...(region?.forecast ?? [])];
  const durationMs = Number.parseInt(annotation(pod, 'duration') ?? '', 10) * 60_000;
  const start = Date.parse(annotation(pod, 'planned-start') ?? '');
  const then = windowMean(forecast, start, durationMs) ?? Number.NaN;
  expect(then).toBeLessThanOrEqual((windowMean(forecast, now, durationMs) ?? Number.NaN) * (1 + 1e-9));
}

describe('the guarantees of the deferral controller', { timeout: 120_000 }, () => {
  it('hold over random grids, jobs, outages, clock jumps and restarts', async () => {
    const seen = { planned: 0, released: 0, reasons: new Set<string>() };

    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const { planned, released, reasons } = await live(given);
        seen.planned += planned;
        seen.released += released;
        for (const reason of reasons) seen.reasons.add(reason);
        // Seven hours after the last arrival at the latest, whatever the wall clock says, nothing waits any more.
        expect(released).toBe(given.jobs.length);
      }),
      { numRuns: 60 },
    );

    expect(seen.planned).toBeGreaterThan(20);
    expect([...seen.reasons]).toEqual(expect.arrayContaining(['due', 'signal-lost', 'deadline']));
  });
});
