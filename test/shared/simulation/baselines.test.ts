import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { atNight, belowThreshold, runNow, usualHour } from '../../../shared/simulation/baselines.ts';
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

describe('runNow', () => {
  it('starts at arrival in the cleanest zone of which that hour is known', () => {
    const zones = [
      ['DE', 200],
      ['FR', 100],
      ['PL', 300],
      ['NL', Number.NaN],
    ] as const;
    const trace = {
      start: START,
      hours: 1,
      zones: new Map(zones.map(([code, value]) => [zone(code), Float64Array.of(value)])),
    };
    const policy = runNow(worldOf(trace, [...trace.zones.keys()], 1));

    expect(policy(jobAt(0))).toEqual({ start: START, zone: 'FR' });
    expect(policy({ ...jobAt(0), zones: [zone('PL'), zone('NL')] })?.zone).toBe('PL');
    expect(policy({ ...jobAt(0), zones: [zone('NL')] })).toBeUndefined();
  });
});

describe('belowThreshold', () => {
  it('starts in the first hour at or below the percentile of the past, at the latest start where none is', () => {
    // The past has 100 in a fifth of its hours, 200 otherwise.
    const past = (hour: number) => (hour % 5 === 0 ? 100 : 200);
    const policy = (after: (hour: number) => number) =>
      belowThreshold(
        worldWith((hour) => (hour < 10 * 24 ? past(hour) : after(hour - 10 * 24))),
        10,
      )(jobAt(10 * 24, 6))?.start;

    expect(policy((hour) => (hour === 4 ? 100 : 150))).toBe(START + (10 * 24 + 4) * HOUR_MS);
    expect(policy((hour) => (hour === 3 ? 60 : 101))).toBe(START + (10 * 24 + 3) * HOUR_MS);
    expect(policy(() => 101)).toBe(START + (10 * 24 + 6) * HOUR_MS);
  });

  it('starts at arrival where nothing of the past is known', () => {
    expect(
      belowThreshold(
        worldWith(() => 100),
        30,
      )(jobAt(5))?.start,
    ).toBe(START + 5 * HOUR_MS);
  });
});
