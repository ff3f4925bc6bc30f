import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bestSlot,
  latestStartOf,
  type PlanRequest,
  plan,
  usualMinSaving,
  windowMean,
} from '../../../shared/deferral/plan.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DE = zone('DE');
const FR = zone('FR');

function hourly(values: readonly number[], from = NOON): readonly ForecastPoint[] {
  return values.map((value, index) => ({ datetime: from + index * HOUR_MS, carbonIntensity: gramsPerKwh(value) }));
}

function request(values: readonly number[], rest: Partial<PlanRequest> = {}): PlanRequest {
  const candidates = [{ zone: DE, forecast: hourly(values) }];
  return { now: NOON, durationHours: 1, latestStart: NOON + 24 * HOUR_MS, candidates, ...rest };
}

const requests = fc
  .record({
    forecasts: fc.array(fc.array(fc.double({ min: 1, max: 900, noNaN: true }), { minLength: 1, maxLength: 72 }), {
      minLength: 1,
      maxLength: 3,
    }),
    minute: fc.integer({ min: 0, max: 59 }),
    durationHours: fc.double({ min: 0.02, max: 30, noNaN: true }),
    slackMinutes: fc.integer({ min: -60, max: 48 * 60 }),
    minSavingPercent: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ forecasts, minute, durationHours, slackMinutes, minSavingPercent }): PlanRequest => {
    const now = NOON + minute * 60_000;
    const candidates = forecasts.map((values, index) => ({
      zone: [DE, FR, zone('PL')][index] ?? DE,
      forecast: hourly(values),
    }));
    return { now, durationHours, latestStart: now + slackMinutes * 60_000, candidates, minSavingPercent };
  });

describe('windowMean', () => {
  test('weighs each hour by its part of the window', () => {
    const forecast = hourly([100, 200, 400]);

    const mean = windowMean(forecast, NOON + HOUR_MS / 4, 1.5 * HOUR_MS);

    expect(mean).toBeCloseTo((0.75 * 100 + 0.75 * 200) / 1.5, 9);
  });

  test('is unknown when any part of the window is', () => {
    const [first, , third] = hourly([100, 200, 300]);
    const gap = [first, third].filter((point) => point !== undefined);

    expect(windowMean(gap, NOON, 2 * HOUR_MS)).toBeUndefined();
    expect(windowMean(gap, NOON - 1, HOUR_MS)).toBeUndefined();
    expect(windowMean(gap, NOON + 2 * HOUR_MS, HOUR_MS + 1000)).toBeUndefined();
    expect(windowMean(gap, NOON, HOUR_MS)).toBe(100);
  });
});

describe('plan', () => {
  test('waits for the cleanest window, not for the cleanest hour', () => {
    const values = [300, 50, 400, 400, 120, 100, 130, 300];

    expect(plan(request(values, { durationHours: 3 }))).toMatchObject({
      kind: 'wait',
      slot: { start: NOON + 4 * HOUR_MS, zone: DE },
    });
    expect(plan(request(values))).toMatchObject({ kind: 'wait', slot: { start: NOON + HOUR_MS } });
  });

  test('starts within an hour when that is cleanest', () => {
    const decided = plan(request([300, 100, 100, 300, 300], { durationHours: 2.5 }));

    // Half an hour of a dirty hour is unavoidable; either end will do, and the earlier one is taken.
    expect(decided).toMatchObject({
      kind: 'wait',
      slot: { start: NOON + HOUR_MS / 2, expected: (2 * 100 + 0.5 * 300) / 2.5 },
    });
  });

  test('chooses zone and hour together', () => {
    const candidates = [
      { zone: DE, forecast: hourly([400, 300, 90]) },
      { zone: FR, forecast: hourly([120, 110, 100]) },
    ];

    const decided = plan(request([], { candidates }));

    expect(decided).toMatchObject({ kind: 'wait', slot: { zone: DE, start: NOON + 2 * HOUR_MS }, now: { zone: FR } });
    expect(decided.kind === 'wait' && decided.saving).toBeCloseTo(0.25, 9);
  });

  test('runs now in the cleanest zone when waiting saves less than the minimum', () => {
    const values = [100, 102, 96, 97];

    expect(plan(request(values, { minSavingPercent: 5 }))).toMatchObject({
      kind: 'run-now',
      reason: 'saving-too-small',
      now: { expected: 100 },
    });
    expect(plan(request(values, { minSavingPercent: 3 }))).toMatchObject({ kind: 'wait' });
  });

  test('waits for exactly the saving that is asked for, and not for a trifle less', () => {
    expect(plan(request([100, 75], { minSavingPercent: 25 }))).toMatchObject({ kind: 'wait', saving: 0.25 });
    expect(plan(request([100, 100.1, 75.001], { minSavingPercent: 25 }))).toMatchObject({ reason: 'saving-too-small' });
  });

  test('is never delayed by floating-point noise, but by any saving that is more', () => {
    const noise = 100 * (1 - 1e-12);

    expect(plan(request([100, noise], { minSavingPercent: 0 }))).toMatchObject({ kind: 'run-now', reason: 'cleanest' });
    expect(plan(request([100, 99.999], { minSavingPercent: 0 }))).toMatchObject({ kind: 'wait' });
  });

  test('holds work for an hour when waiting saves too little yet and looking again costs nothing', () => {
    const flat = request([100, 100, 98, 99], { minSavingPercent: 5, now: NOON + 10 * 60_000 });

    expect(plan(flat)).toMatchObject({ kind: 'hold', reason: 'saving-too-small', until: NOON + HOUR_MS });
    expect(plan({ ...flat, latestStart: NOON + HOUR_MS - 1 })).toMatchObject({ kind: 'run-now' });
    expect(plan(request([100, 100.1, 98], { minSavingPercent: 5 }))).toMatchObject({ kind: 'run-now' });
  });

  test('says when the forecast ended before the latest start could be tried', () => {
    expect(plan(request([300, 100, 200], { latestStart: NOON + 2 * HOUR_MS }))).toMatchObject({
      horizonLimited: false,
    });
    expect(plan(request([300, 100, 200], { latestStart: NOON + 2 * HOUR_MS + 1 }))).toMatchObject({
      horizonLimited: true,
    });
    expect(plan(request([100, 200, 300]))).toMatchObject({ kind: 'run-now', reason: 'cleanest', horizonLimited: true });
  });

  test('takes the earliest of equal hours', () => {
    expect(plan(request([200, 100, 100, 100]))).toMatchObject({ slot: { start: NOON + HOUR_MS } });
    expect(plan(request([100, 100, 100]))).toMatchObject({ kind: 'run-now', reason: 'cleanest' });
  });

  test('runs now without a forecast of the present, and when there is no time to wait', () => {
    expect(plan(request([]))).toEqual({ kind: 'run-now', reason: 'no-forecast' });
    expect(plan(request([200, 100], { durationHours: 5 }))).toEqual({ kind: 'run-now', reason: 'no-forecast' });
    expect(plan(request([200, 100], { latestStart: NOON }))).toMatchObject({ kind: 'run-now', reason: 'no-slack' });
  });

  test('does not look further than the forecast, however long the job may wait', () => {
    const decided = plan(request([300, 200, 100], { latestStart: Number.POSITIVE_INFINITY }));

    expect(decided).toMatchObject({ kind: 'wait', slot: { start: NOON + 2 * HOUR_MS } });
  });

  test('never waits past the latest start, never for less than asked, and never for worse than running now', () => {
    let waits = 0;

    fc.assert(
      fc.property(requests, (asked) => {
        const decided = plan(asked);

        if (decided.kind === 'hold') {
          expect(decided.until).toBeLessThanOrEqual(asked.latestStart);
          const later = bestSlot({ ...asked, now: decided.until, latestStart: decided.until });
          expect(later?.expected).toBeLessThanOrEqual(decided.now.expected);
        }
        if (decided.kind !== 'wait') return;
        waits += 1;
        expect(decided.slot.start).toBeGreaterThan(asked.now);
        expect(decided.slot.start).toBeLessThanOrEqual(asked.latestStart);
        expect(decided.saving * 100).toBeGreaterThanOrEqual(asked.minSavingPercent ?? 0);
        for (const { forecast } of asked.candidates) {
          const atOnce = windowMean(forecast, asked.now, asked.durationHours * HOUR_MS);
          if (atOnce !== undefined) expect(decided.slot.expected).toBeLessThanOrEqual(atOnce);
        }
      }),
      { numRuns: 500 },
    );

    expect(waits).toBeGreaterThan(20);
  });

  test('finds a slot that no minute of the whole slack beats', () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const best = bestSlot(asked);

        for (let start = asked.now; start <= asked.latestStart; start += 60_000) {
          for (const { forecast } of asked.candidates) {
            const mean = windowMean(forecast, start, asked.durationHours * HOUR_MS);
            if (mean === undefined) continue;
            expect(best).toBeDefined();
            expect(mean).toBeGreaterThanOrEqual((best?.expected ?? Number.NaN) * (1 - 1e-6));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('decides the same again', () => {
    fc.assert(
      fc.property(requests, (asked) => {
        expect(plan(structuredClone(asked))).toEqual(plan(asked));
      }),
    );
  });
});

describe('usualMinSaving', () => {
  test('is half a percent, and a fortieth of the daily spread where the zone is quieter', () => {
    expect(usualMinSaving(request([100, 300]))).toBe(0.5);
    expect(usualMinSaving(request([99, 101]))).toBeCloseTo(0.05, 9);
    expect(usualMinSaving(request([100, 100]))).toBe(0);
  });

  test('looks at the hours of the next day only, and is half a percent when it sees none', () => {
    const past = hourly([1, ...new Array<number>(24).fill(100), 900], NOON - HOUR_MS);

    expect(usualMinSaving({ now: NOON, candidates: [{ zone: DE, forecast: past }] })).toBe(0);
    expect(usualMinSaving({ now: NOON, candidates: [] })).toBe(0.5);
  });
});

describe('latestStartOf', () => {
  test('is the earlier of max-delay and deadline, and the arrival without either', () => {
    expect(latestStartOf(NOON, { maxDelayMs: HOUR_MS, deadline: NOON + 2 * HOUR_MS })).toBe(NOON + HOUR_MS);
    expect(latestStartOf(NOON, { maxDelayMs: 3 * HOUR_MS, deadline: NOON + 2 * HOUR_MS })).toBe(NOON + 2 * HOUR_MS);
    expect(latestStartOf(NOON, { deadline: NOON - HOUR_MS })).toBe(NOON - HOUR_MS);
    expect(latestStartOf(NOON, {})).toBe(NOON);
  });
});
