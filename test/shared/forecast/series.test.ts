import { expect, test } from 'vitest';
import { bridged, cut, hourlySeries, lastKnownHour } from '../../../shared/forecast/series.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const NAN = Number.NaN;

test('puts readings of any order into their hours and leaves the others unknown', () => {
  const series = hourlySeries([
    { datetime: NOON + 2 * HOUR_MS + 5, carbonIntensity: 3 },
    { datetime: NOON, carbonIntensity: 1 },
    { datetime: NOON + 60_000, carbonIntensity: 2 },
    { datetime: NOON + HOUR_MS, carbonIntensity: NAN },
  ]);

  expect(series).toEqual({ start: NOON, values: Float64Array.of(2, NAN, 3) });
  expect(hourlySeries([])).toBeUndefined();
});

test('cuts any span, unknown where the series does not reach', () => {
  const series = { start: NOON, values: Float64Array.of(1, 2, 3) };

  expect(cut(series, NOON - HOUR_MS, 3)).toEqual(Float64Array.of(NAN, 1, 2));
  expect(cut(series, NOON + 2 * HOUR_MS, 2)).toEqual(Float64Array.of(3, NAN));
  expect(cut(series, NOON + 90 * HOUR_MS, 1)).toEqual(Float64Array.of(NAN));
  expect(cut(undefined, NOON, 1)).toEqual(Float64Array.of(NAN));
});

test('finds the last known hour that has begun', () => {
  const series = { start: NOON, values: Float64Array.of(1, NAN, 3) };

  expect(lastKnownHour(series, NOON + 9 * HOUR_MS)).toBe(NOON + 2 * HOUR_MS);
  expect(lastKnownHour(series, NOON + 2 * HOUR_MS - 1)).toBe(NOON);
  expect(lastKnownHour(series, NOON - 1)).toBeUndefined();
});

test('bridges gaps of up to six hours between known ones, no longer ones and no ends', () => {
  const seven = Array(7).fill(NAN);

  expect(bridged(Float64Array.of(NAN, 1, NAN, NAN, 4, NAN))).toEqual(Float64Array.of(NAN, 1, 2, 3, 4, NAN));
  expect(bridged(Float64Array.of(1, ...seven, 9))).toEqual(Float64Array.of(1, ...seven, 9));
});
