import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { atNight, usualHour } from '../../../shared/simulation/baselines.ts';
import { worldOf } from '../../../shared/simulation/world.ts';

const START = Date.parse('2021-03-01T00:00:00Z');
const DE = zone('DE');

function worldWith(valueAt: (hour: number) => number, hours = 15 * 24) {
  const values = Float64Array.from({ length: hours }, (_, hour) => valueAt(hour));
  return worldOf({ start: START, hours, zones: new Map([[DE, values]]) }, [DE], 1);
}

function jobAt(hour: number, slackHours = 24) {
  return { arrival: START + hour * HOUR_MS, durationHours: 2, slackHours, watts: 10 };
}

describe('atNight', () => {
  it('starts at the next 03:00 UTC, on it when the job arrives then, and at arrival when that is too late', () => {
    const policy = atNight(worldWith(() => 100));
    const hoursOf = (job: ReturnType<typeof jobAt>) => ((policy(job)?.start ?? 0) - START) / HOUR_MS;

    expect([hoursOf(jobAt(1)), hoursOf(jobAt(3)), hoursOf(jobAt(4)), hoursOf(jobAt(10, 5))]).toEqual([3, 3, 27, 10]);
  });
});

describe('usualHour', () => {
  it('starts when the last seven days were cleanest on average, whatever comes', () => {
    const policy = usualHour(worldWith((hour) => (hour % 24 === 13 || hour % 24 === 14 ? 50 : 200)));

    expect(policy(jobAt(8 * 24 + 6))?.start).toBe(START + (8 * 24 + 13) * HOUR_MS);
    expect(policy(jobAt(8 * 24 + 15))?.start).toBe(START + (9 * 24 + 13) * HOUR_MS);
  });

  it('starts at arrival before seven days are known, and sees nothing of the future', () => {
    const policy = usualHour(worldWith((hour) => (hour === 9 * 24 + 20 ? 1 : 200)));

    expect(policy(jobAt(5))?.start).toBe(START + 5 * HOUR_MS);
    expect(policy(jobAt(9 * 24))?.start).toBe(START + 9 * 24 * HOUR_MS);
  });
});
