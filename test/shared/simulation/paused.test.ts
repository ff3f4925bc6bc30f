import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { inPieces } from '../../../shared/simulation/paused.ts';
import type { World } from '../../../shared/simulation/world.ts';
import { worldOf } from '../../../shared/simulation/world.ts';

const START = Date.parse('2021-03-01T00:00:00Z');
const DE = zone('DE');

/** A world whose forecast is the truth. */
function knownWorld(values: readonly number[]): World {
  const trace = { start: START, hours: values.length, zones: new Map([[DE, Float64Array.from(values)]]) };
  const world = worldOf(trace, [DE], 1);
  return { ...world, forecast: (now) => world.truth(now, 72, 0) };
}

describe('inPieces', () => {
  const job = { arrival: START, durationHours: 2, slackHours: 6, watts: 10 };

  it('runs on the cleanest hours and pauses in between', () => {
    const policy = inPieces(knownWorld([300, 100, 300, 300, 50, 300, 300, 300, 300]), { restartCostHours: 0 });

    expect(policy(job)?.pieces?.map(({ start, end }) => [(start - START) / HOUR_MS, (end - START) / HOUR_MS])).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it('does the work that a restart costs again, within the deadline', () => {
    const pieces =
      inPieces(knownWorld([300, 100, 300, 300, 50, 50, 300, 300, 300]), { restartCostHours: 0.5 })(job)?.pieces ?? [];
    const hours = pieces.reduce((sum, { start, end }) => sum + (end - start) / HOUR_MS, 0);

    expect(hours).toBeCloseTo(2 + 0.5 * (pieces.length - 1), 6);
    expect(pieces.at(-1)?.end).toBeLessThanOrEqual(START + 8 * HOUR_MS);
  });

  it('uses the time until its completion deadline, the latest start and its run time after the arrival', () => {
    const policy = inPieces(knownWorld([300, 300, 300, 300, 300, 300, 100, 50, 300]), { restartCostHours: 0 });

    expect(policy(job)?.pieces).toEqual([{ start: START + 6 * HOUR_MS, end: START + 8 * HOUR_MS }]);
  });

  it('is paused no more often than it may be; waiting for its first hour is no pause', () => {
    const values = [300, 300, 50, 50, 300, 300, 50, 300, 300, 50, 300];
    const long = { ...job, durationHours: 4 };
    const pieces = (maxInterruptions: number) =>
      inPieces(knownWorld(values), { restartCostHours: 0, maxInterruptions })(long)?.pieces ?? [];

    expect([pieces(0).length, pieces(1).length, pieces(2).length]).toEqual([1, 2, 3]);
  });

  it('runs through from the arrival without a forecast', () => {
    const world = { ...knownWorld([300, 100, 300]), forecast: () => [{ zone: DE, forecast: [] }] };

    expect(inPieces(world)({ ...job, slackHours: 1 })?.start).toBe(START);
  });
});
