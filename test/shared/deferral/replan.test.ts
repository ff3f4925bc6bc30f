import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PlanRequest, plan, windowMean } from '../../../shared/deferral/plan.ts';
import { REVISION_MARGIN, revise } from '../../../shared/deferral/replan.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DE = zone('DE');

function request(values: readonly number[], rest: Partial<PlanRequest> = {}): PlanRequest {
  const forecast = values.map((value, index) => ({
    datetime: NOON + index * HOUR_MS,
    carbonIntensity: gramsPerKwh(value),
  }));
  return {
    now: NOON,
    durationHours: 1,
    latestStart: NOON + 24 * HOUR_MS,
    candidates: [{ zone: DE, forecast }],
    ...rest,
  };
}

const planned = { start: NOON + 2 * HOUR_MS, zone: DE, expected: 80 };

describe('revise', () => {
  test('keeps a plan that the new forecast makes worse than it promised, while nothing else is better', () => {
    expect(revise(planned, request([200, 180, 150, 170]))).toEqual({ kind: 'keep', reason: 'still-best' });
  });

  test('keeps a plan against a rival that is better by no more than the margin', () => {
    const rival = 1000 * (1 - REVISION_MARGIN * 0.9);

    expect(revise(planned, request([2000, 1800, 1000, rival]))).toEqual({ kind: 'keep', reason: 'gain-too-small' });
  });

  test('changes to a slot that is better by more than the margin', () => {
    const revision = revise(planned, request([200, 180, 100, 90]));

    expect(revision).toMatchObject({ kind: 'change', slot: { start: NOON + 3 * HOUR_MS, expected: 90 } });
    expect(revision.kind === 'change' && revision.gain).toBeCloseTo(0.1, 9);
  });

  test('never keeps a slot that running now would beat, however little', () => {
    expect(revise(planned, request([99.9, 180, 100, 150]))).toMatchObject({ kind: 'change', slot: { start: NOON } });
  });

  test('keeps the plan when the forecast no longer covers it', () => {
    expect(revise(planned, request([200, 180]))).toEqual({ kind: 'keep', reason: 'no-forecast' });
    expect(revise({ ...planned, zone: zone('FR') }, request([200, 1, 100]))).toEqual({
      kind: 'keep',
      reason: 'no-forecast',
    });
  });

  test('runs when the slack is used up', () => {
    expect(revise(planned, request([200, 1], { latestStart: NOON }))).toEqual({ kind: 'run-now', reason: 'no-slack' });
  });

  test('puts off a slot that is due, or overdue, when a later one is clearly better now', () => {
    const forecast = [100, 99.9, 90];

    for (const start of [NOON, NOON - HOUR_MS]) {
      expect(revise({ ...planned, start }, request(forecast))).toMatchObject({
        kind: 'change',
        slot: { start: NOON + 2 * HOUR_MS },
      });
      expect(revise({ ...planned, start }, request([100, 99.9]))).toEqual({ kind: 'keep', reason: 'gain-too-small' });
    }
  });

  test('ends, through any sequence of forecasts, no later than the latest start and never worse than running at once', () => {
    const forecasts = fc.array(
      fc.array(fc.double({ min: 1, max: 900, noNaN: true }), { minLength: 40, maxLength: 40 }),
      { minLength: 25, maxLength: 25 },
    );

    fc.assert(
      fc.property(
        forecasts,
        fc.integer({ min: 1, max: 24 }),
        fc.double({ min: 0.1, max: 12, noNaN: true }),
        (made, slack, durationHours) => {
          const asked = (hour: number): PlanRequest => ({
            ...request(made[hour] ?? [], { now: NOON + hour * HOUR_MS, durationHours }),
            latestStart: NOON + slack * HOUR_MS,
          });
          const first = plan(asked(0));
          if (first.kind !== 'wait') return;
          let { slot } = first;

          for (let hour = 1; NOON + hour * HOUR_MS <= slot.start; hour++) {
            const now = asked(hour);
            const revision = revise(slot, now);
            if (revision.kind === 'change') slot = revision.slot;
            const mean = (start: number) =>
              windowMean(now.candidates[0]?.forecast ?? [], start, durationHours * HOUR_MS);
            const kept = mean(slot.start);
            if (kept !== undefined) expect(kept).toBeLessThanOrEqual(mean(now.now) ?? Number.POSITIVE_INFINITY);
          }

          expect(slot.start).toBeLessThanOrEqual(NOON + slack * HOUR_MS);
        },
      ),
      { numRuns: 100 },
    );
  });
});
