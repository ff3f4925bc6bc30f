import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PiecesPlan, type PiecesRequest, planPieces } from '../../../shared/deferral/pieces.ts';
import { windowMean } from '../../../shared/deferral/plan.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const DE = zone('DE');
const FREE = { restartCostHours: 0 };

function hourly(values: readonly number[], from = NOON): readonly ForecastPoint[] {
  return values.map((value, index) => ({ datetime: from + index * HOUR_MS, carbonIntensity: gramsPerKwh(value) }));
}

function request(values: readonly number[], rest: Partial<PiecesRequest> = {}): PiecesRequest {
  return {
    now: NOON,
    deadline: NOON + values.length * HOUR_MS,
    remainingHours: 2,
    candidates: [{ zone: DE, forecast: hourly(values) }],
    state: { kind: 'waiting' },
    limits: FREE,
    ...rest,
  };
}

/** Pieces as hours from noon. */
function hoursOf(plan: PiecesPlan): [number, number][] {
  if (!('pieces' in plan)) return [];
  return plan.pieces.map(({ start, end }) => [(start - NOON) / HOUR_MS, (end - NOON) / HOUR_MS]);
}

describe('planPieces', () => {
  it('runs on the cleanest hours, apart from each other', () => {
    const plan = planPieces(request([300, 100, 300, 300, 50, 300]));

    expect(plan).toMatchObject({ kind: 'pause', until: NOON + HOUR_MS, zone: DE });
    expect(hoursOf(plan)).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(plan).toMatchObject({ saving: 1 - 150 / 400 });
  });

  it('runs now until the first pause when now is clean', () => {
    expect(planPieces(request([50, 300, 300, 60]))).toMatchObject({
      kind: 'run',
      reason: 'cleanest',
      until: NOON + HOUR_MS,
    });
  });

  it('counts a restart as work that is done again', () => {
    const values = [300, 100, 110, 110, 90, 300, 300, 300];

    expect(hoursOf(planPieces(request(values)))).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(hoursOf(planPieces(request(values, { limits: { restartCostHours: 0.25 } })))).toEqual([[3, 5]]);
  });

  it('keeps pieces as long as min-run, and as few as max-interruptions allows', () => {
    const values = [300, 100, 300, 300, 50, 60, 300, 300];

    expect(hoursOf(planPieces(request(values, { limits: { ...FREE, minRunHours: 2 } })))).toEqual([[4, 6]]);
    expect(hoursOf(planPieces(request(values, { limits: { ...FREE, maxInterruptions: 0 } })))).toEqual([[4, 6]]);
  });

  it('does not pause running work before min-run is over', () => {
    const state = { kind: 'running', since: NOON - HOUR_MS / 2 } as const;
    const values = [300, 300, 50, 50, 50, 300];

    const plan = planPieces(request(values, { state, limits: { ...FREE, minRunHours: 1 } }));

    expect(plan).toMatchObject({ kind: 'run', until: NOON + HOUR_MS / 2 });
    expect(planPieces(request(values, { state: { ...state, since: NOON - HOUR_MS }, limits: FREE }))).toMatchObject({
      kind: 'pause',
    });
  });

  it('leaves running work alone for a gain within the margin', () => {
    const running = { kind: 'running', since: NOON - 5 * HOUR_MS } as const;

    expect(planPieces(request([100, 100, 100, 99.6, 99.6], { state: running }))).toMatchObject({
      kind: 'run',
      reason: 'gain-too-small',
    });
    expect(planPieces(request([100, 100, 100, 90, 90], { state: running }))).toMatchObject({ kind: 'pause' });
  });

  it('does not pause again when the interruptions are used up', () => {
    const state = { kind: 'running', since: NOON - 5 * HOUR_MS } as const;
    const limits = { ...FREE, maxInterruptions: 2 };

    expect(planPieces(request([300, 300, 10, 10], { state, limits, interruptions: 2 }))).toMatchObject({ kind: 'run' });
    expect(planPieces(request([300, 300, 10, 10], { state, limits, interruptions: 1 }))).toMatchObject({
      kind: 'pause',
    });
  });

  it('runs through when no slack is left, and without a forecast', () => {
    expect(planPieces(request([300, 100, 50], { deadline: NOON + 2 * HOUR_MS }))).toMatchObject({
      kind: 'run',
      reason: 'no-slack',
    });
    expect(planPieces(request([300, 100, 50], { deadline: NOON - HOUR_MS }))).toMatchObject({
      kind: 'run',
      reason: 'no-slack',
    });
    expect(planPieces(request([], { deadline: NOON + 9 * HOUR_MS }))).toEqual({ kind: 'run', reason: 'no-forecast' });
  });

  it('never runs in an hour that the forecast does not know', () => {
    const gap = hourly([300, 300, 100, 100, 200, 200]).filter((_, hour) => hour !== 2);

    const plan = planPieces(request([300, 300, 100, 100, 200, 200], { candidates: [{ zone: DE, forecast: gap }] }));

    for (const [start, end] of hoursOf(plan)) expect(start >= 3 || end <= 2).toBe(true);
  });

  it('is never worse in expectation than running through, complete by the deadline, and within its limits', () => {
    let paused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 900, noNaN: true }), { minLength: 4, maxLength: 30 }),
        fc.double({ min: 0.1, max: 12, noNaN: true }),
        fc.record({
          minRunHours: fc.constantFrom(0, 0.25, 1, 3),
          restartCostHours: fc.constantFrom(0, 0.05, 0.5),
          maxInterruptions: fc.integer({ min: 0, max: 5 }),
        }),
        fc.constantFrom<PiecesRequest['state']>(
          { kind: 'waiting' },
          { kind: 'paused' },
          { kind: 'running', since: NOON - 20 * 60_000 },
        ),
        (values, remainingHours, limits, state) => {
          const asked = request(values, { remainingHours, limits, state });
          const plan = planPieces(asked);
          if (!('pieces' in plan) || (plan.kind === 'run' && plan.reason === 'no-slack')) return;
          if (plan.kind === 'pause') paused += 1;
          const restarts =
            plan.pieces.length -
            (state.kind === 'waiting' || (state.kind === 'running' && plan.kind === 'run') ? 1 : 0);
          const needed = remainingHours + limits.restartCostHours * restarts;
          const planned = plan.pieces.reduce((sum, { start, end }) => sum + end - start, 0) / HOUR_MS;

          expect(plan.saving).toBeGreaterThanOrEqual(0);
          expect(planned).toBeGreaterThanOrEqual(needed - 1e-6);
          expect(plan.pieces.at(-1)?.end).toBeLessThanOrEqual(asked.deadline);
          expect(restarts).toBeLessThanOrEqual(limits.maxInterruptions + (state.kind === 'paused' ? 1 : 0));
          for (const [index, { start, end }] of plan.pieces.entries()) {
            if (index > 0) expect(start).toBeGreaterThan(plan.pieces[index - 1]?.end ?? 0);
            const going = index === 0 && state.kind === 'running' && plan.kind === 'run';
            if (!going)
              expect((end - start) / HOUR_MS).toBeGreaterThanOrEqual(
                Math.min(limits.minRunHours, remainingHours) - 1e-6,
              );
          }
        },
      ),
      { numRuns: 300 },
    );

    expect(paused).toBeGreaterThan(20);
  });

  it('keeps the deadline whatever the limits are, also those that contradict the work', () => {
    let paused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 30, maxLength: 30 }),
        fc.record({
          // Longer than the work, and longer than its slack.
          minRunHours: fc.constantFrom(0, 5, 100),
          restartCostHours: fc.constantFrom(0, 3, 200),
          maxInterruptions: fc.constantFrom(0, 1, 1_000),
        }),
        fc.record({
          remainingHours: fc.double({ min: 0.01, max: 8, noNaN: true }),
          slackHours: fc.integer({ min: -5, max: 20 }),
        }),
        fc.constantFrom<PiecesRequest['state']>(
          { kind: 'waiting' },
          { kind: 'paused' },
          { kind: 'running', since: NOON - HOUR_MS },
        ),
        (values, limits, { remainingHours, slackHours }, state) => {
          const deadline = NOON + (remainingHours + slackHours) * HOUR_MS;
          const plan = planPieces(request(values, { deadline, remainingHours, limits, state }));
          if (plan.kind !== 'pause') return;
          paused += 1;
          const again = state.kind === 'waiting' ? 0 : limits.restartCostHours;

          expect(plan.until + (remainingHours + again) * HOUR_MS).toBeLessThanOrEqual(deadline + 1);
          expect(plan.pieces.at(-1)?.end).toBeLessThanOrEqual(deadline + 1);
          if (state.kind === 'running') expect(limits.maxInterruptions).toBeGreaterThan(0);
        },
      ),
      { numRuns: 200 },
    );

    expect(paused).toBeGreaterThan(20);
  });

  it('finds what no other choice of hours beats', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 5, maxLength: 9 }),
        fc.integer({ min: 1, max: 3 }),
        (values, hours) => {
          const plan = planPieces(request(values, { remainingHours: hours, limits: { ...FREE, maxInterruptions: 9 } }));
          if (!('pieces' in plan) || (plan.kind === 'run' && plan.reason === 'no-slack')) return;
          const cheapest = [...values].sort((a, b) => a - b).slice(0, hours);
          const total = plan.pieces.reduce((sum, { start, end }) => {
            return sum + (windowMean(hourly(values), start, end - start) ?? Number.NaN) * ((end - start) / HOUR_MS);
          }, 0);

          expect(total).toBeCloseTo(
            cheapest.reduce((a, b) => a + b),
            6,
          );
        },
      ),
    );
  });
});
