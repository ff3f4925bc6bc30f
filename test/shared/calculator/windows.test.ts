import { describe, expect, it } from 'vitest';
import { cleanestWindows } from '../../../shared/calculator/windows.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const START = Date.parse('2026-05-01T00:00:00Z');

describe('cleanestWindows', () => {
  it('gives the cleanest first, with its mean and how far that is below the mean of all hours', () => {
    expect(cleanestWindows(hours(100, 300, 200, 400), 2, 1)).toEqual([
      {
        from: '2026-05-01T00:00:00.000Z',
        to: '2026-05-01T02:00:00.000Z',
        avg_gCO2_per_kWh: 200,
        percent_below_mean: expect.closeTo(20, 9),
      },
    ]);
  });

  it('takes no window that overlaps a better one, but one that begins where it ends', () => {
    expect(starts(cleanestWindows(hours(90, 10, 10, 80, 70, 300), 2, 5))).toEqual([1, 3]);
  });

  it('prefers the earlier of two that are alike', () => {
    expect(starts(cleanestWindows(hours(50, 20, 50, 20), 1, 1))).toEqual([1]);
    expect(starts(cleanestWindows(hours(50, 20, 50, 20).toReversed(), 1, 2))).toEqual([1, 3]);
  });

  it('counts no window across a missing hour', () => {
    const [first, , third, fourth] = hours(10, 10, 20, 90);

    expect(
      starts(
        cleanestWindows(
          [first, third, fourth].filter((hour) => hour !== undefined),
          2,
          3,
        ),
      ),
    ).toEqual([2]);
  });

  it('says 0 % where the mean of all hours is 0, and a negative share above it', () => {
    expect(cleanestWindows(hours(0, 0), 1, 1)[0]?.percent_below_mean).toBe(0);
    expect(cleanestWindows(hours(100, 300), 1, 2)[1]?.percent_below_mean).toBeCloseTo(-50, 9);
  });

  it('finds nothing in fewer hours than a window has', () => {
    expect(cleanestWindows(hours(1, 2), 3, 1)).toEqual([]);
  });
});

function hours(...values: number[]) {
  return values.map((gCO2_per_kWh, at) => ({ hour: START + at * HOUR_MS, gCO2_per_kWh }));
}

function starts(windows: readonly { readonly from: string }[]): number[] {
  return windows.map(({ from }) => (Date.parse(from) - START) / HOUR_MS);
}
