// Flow: a provider's forecast (short, late, wrong or absent) and our own are joined, and work is planned by the result.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPieces } from '../../../shared/deferral/pieces.ts';
import { plan, type Slot, windowMean } from '../../../shared/deferral/plan.ts';
import { revise } from '../../../shared/deferral/replan.ts';
import { joinForecasts } from '../../../shared/forecast/join.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DE = zone('DE');

/** Intensities that differ much, or by less than what changes a plan. */
const values = (most: number) =>
  fc.oneof(
    fc.array(fc.double({ min: 1, max: 900, noNaN: true }), { maxLength: most }),
    fc.array(fc.double({ min: 400, max: 400.5, noNaN: true }), { maxLength: most }),
  );
const own = fc.array(fc.double({ min: 1, max: 900, noNaN: true }), { minLength: 72, maxLength: 72 });
const late = fc.integer({ min: 1, max: 9 });
/** What the provider gives at one hour: all but the first kind as bad as providers are. Each hour is drawn anew, so that all are wrong. */
const provider = fc.oneof(
  fc.record({ kind: fc.constant('whole' as const), points: values(72), lateBy: fc.constant(0) }),
  fc.record({ kind: fc.constant('short' as const), points: values(8), lateBy: fc.constant(0) }),
  // It begins hours ahead, or was made hours ago.
  fc.record({ kind: fc.constant('late' as const), points: values(50), lateBy: late }),
  fc.record({ kind: fc.constant('old' as const), points: values(50), lateBy: late.map((hours) => -hours) }),
  fc.record({ kind: fc.constant('absent' as const), points: fc.constant([]), lateBy: fc.constant(0) }),
);
const measured = fc.option(fc.double({ min: 0, max: 90, noNaN: true }), { nil: undefined });
/** What is known at one hour: both forecasts, of which hours may be missing and skill may be measured. */
const sources = fc.record({
  provider,
  own: fc.oneof({ weight: 3, arbitrary: own }, { weight: 1, arbitrary: values(72) }),
  missing: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  errors: fc.tuple(measured, measured),
});
type Sources = typeof sources extends fc.Arbitrary<infer Value> ? Value : never;
const jobs = fc.record({
  durationHours: fc.double({ min: 0.1, max: 10, noNaN: true }),
  slackMinutes: fc.integer({ min: 0, max: 36 * 60 }),
  arrivesAt: fc.integer({ min: 0, max: 59 }),
});

function pointsOf(intensities: readonly number[], from: number): ForecastPoint[] {
  return intensities.map((value, hour) => ({ datetime: from + hour * HOUR_MS, carbonIntensity: gramsPerKwh(value) }));
}

function joinedAt(now: number, { provider: given, own: ours, missing, errors }: Sources) {
  const hour = hourOf(now);
  const accuracyOf = (error: number | undefined) =>
    error === undefined
      ? {}
      : {
          accuracy: [
            { hoursAhead: 1, compared: 99, meanAbsoluteError: error, yesterdayMeanAbsoluteError: 50, bias: 0 },
          ],
        };
  const known = (points: ForecastPoint[]) =>
    points.filter(({ datetime }) => missing === undefined || Math.abs(datetime - hour - missing * HOUR_MS) > HOUR_MS);
  return joinForecasts(
    now,
    {
      source: 'provider',
      points: known(pointsOf(given.points, hour + given.lateBy * HOUR_MS)),
      ...accuracyOf(errors[0]),
    },
    { source: 'history', points: known(pointsOf(ours, hour)), ...accuracyOf(errors[1]) },
  );
}

/** How often each kind of provider's forecast was met. */
function kindsOf(): { count: (seen: Sources) => void; least: () => number } {
  const counts = new Map(['whole', 'short', 'late', 'old', 'absent'].map((kind) => [kind, 0]));
  return {
    count: ({ provider: { kind } }) => counts.set(kind, (counts.get(kind) ?? 0) + 1),
    least: () => Math.min(...counts.values()),
  };
}

/** Mean intensity of pieces of work by a forecast. */
function meanOf(forecast: readonly ForecastPoint[], pieces: readonly { start: number; end: number }[]): number {
  let [grams, time] = [0, 0];
  for (const { start, end } of pieces) {
    grams += (windowMean(forecast, start, end - start) ?? Number.NaN) * (end - start);
    time += end - start;
  }
  return grams / time;
}

describe('a plan by joined forecasts', () => {
  it('is never worse in expectation than running now, and starts in time, whatever the forecasts turn into', () => {
    const kinds = kindsOf();
    let waits = 0;
    fc.assert(
      fc.property(jobs, fc.array(sources, { minLength: 40, maxLength: 40 }), (job, seen) => {
        const arrival = NOON + job.arrivesAt * 60_000;
        const latestStart = arrival + job.slackMinutes * 60_000;
        let slot: Slot | undefined;
        let started: number | undefined;
        for (let look = 0; started === undefined; look++) {
          const now = look === 0 ? arrival : Math.min(latestStart, hourOf(arrival) + look * HOUR_MS);
          const nextLook = Math.min(latestStart, hourOf(now) + HOUR_MS);
          const known = seen[look % seen.length] as Sources;
          const forecast = joinedAt(now, known);
          kinds.count(known);
          const request = { now, durationHours: job.durationHours, latestStart, candidates: [{ zone: DE, forecast }] };
          const atOnce = windowMean(forecast, now, job.durationHours * HOUR_MS);
          const decided = slot === undefined ? plan(request) : revise(slot, request);
          if (decided.kind === 'run-now') started = now;
          if (decided.kind === 'wait' || decided.kind === 'change') {
            slot = decided.slot;
            waits += 1;
          }
          if (decided.kind === 'hold') {
            expect(decided.until).toBeLessThanOrEqual(latestStart);
            const later = windowMean(forecast, decided.until, job.durationHours * HOUR_MS);
            expect(later).toBeLessThanOrEqual((atOnce ?? Number.NaN) * (1 + 1e-9));
          }
          // A plan that is kept is measured by the newest forecast too: what it was expected to save before is no excuse.
          const expected = slot && windowMean(forecast, Math.max(now, slot.start), job.durationHours * HOUR_MS);
          if (expected !== undefined && atOnce !== undefined && started === undefined)
            expect(expected).toBeLessThanOrEqual(atOnce * (1 + 1e-9));
          if (slot) expect(slot.start).toBeLessThanOrEqual(latestStart);
          if (slot && slot.start <= nextLook) started ??= Math.max(now, slot.start);
          // Nothing but the plan itself starts the work: at the last moment it has to.
          if (now >= latestStart) expect(started).toBeDefined();
        }

        expect(started).toBeLessThanOrEqual(latestStart);
      }),
      { numRuns: 200 },
    );

    expect(waits).toBeGreaterThan(100);
    expect(kinds.least()).toBeGreaterThan(20);
  });

  it('lets work that may pause complete in time, with its restarts, whatever the forecasts turn into', () => {
    const limited = fc.record({
      minRunHours: fc.constantFrom(0.25, 0.5, 1),
      restartCostHours: fc.constantFrom(0, 0.05, 0.2),
      maxInterruptions: fc.integer({ min: 0, max: 3 }),
    });
    const kinds = kindsOf();
    let [used, paused] = [0, 0];
    fc.assert(
      fc.property(jobs, limited, fc.array(sources, { minLength: 40, maxLength: 40 }), (job, limits, seen) => {
        const arrival = NOON + job.arrivesAt * 60_000;
        const deadline = arrival + job.slackMinutes * 60_000 + job.durationHours * HOUR_MS;
        let [now, remainingHours, interruptions, look] = [arrival, job.durationHours, 0, 0];
        let state: Parameters<typeof planPieces>[0]['state'] = { kind: 'waiting' };
        while (remainingHours > 1e-6) {
          const known = seen[look++ % seen.length] as Sources;
          const forecast = joinedAt(now, known);
          kinds.count(known);
          const candidates = [{ zone: DE, forecast }];
          const planned = planPieces({ now, deadline, remainingHours, candidates, limits, state, interruptions });
          const next = hourOf(now) + HOUR_MS;
          if (planned.kind === 'pause') {
            // By the forecast itself, with what restarts cost; pieces are a multiple of a step, so only their mean counts.
            const restarts = planned.pieces.length - (state.kind === 'waiting' ? 1 : 0);
            const through = remainingHours + (state.kind === 'paused' ? limits.restartCostHours : 0);
            const atOnce = windowMean(forecast, now, through * HOUR_MS) ?? Number.NaN;
            const inPieces = meanOf(forecast, planned.pieces) * (remainingHours + limits.restartCostHours * restarts);
            expect(inPieces).toBeLessThan(atOnce * through * (1 + 1e-9));
            paused += 1;
            if (state.kind === 'running') [state, interruptions] = [{ kind: 'paused' }, interruptions + 1];
            now = Math.min(next, planned.until);
            continue;
          }
          if (state.kind === 'paused') remainingHours += limits.restartCostHours;
          if (state.kind !== 'running') state = { kind: 'running', since: now };
          const until = 'until' in planned ? planned.until : next;
          const end = Math.min(next, until, now + remainingHours * HOUR_MS);
          remainingHours -= (end - now) / HOUR_MS;
          now = end;
        }

        expect(now).toBeLessThanOrEqual(deadline + 1);
        expect(interruptions).toBeLessThanOrEqual(limits.maxInterruptions);
        if (interruptions > 0 && interruptions === limits.maxInterruptions) used += 1;
      }),
      { numRuns: 150 },
    );

    expect(used).toBeGreaterThan(0);
    expect(paused).toBeGreaterThan(100);
    expect(kinds.least()).toBeGreaterThan(20);
  });
});
