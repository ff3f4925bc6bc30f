import { expect, test } from 'vitest';
import { forecastAccuracy } from '../../../shared/forecast/accuracy.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';

const MIDNIGHT = Date.parse('2026-03-01T00:00:00Z');

function point(hour: number, value: number, band?: number) {
  const around = band === undefined ? {} : { low: gramsPerKwh(value - band), high: gramsPerKwh(value + band) };
  return { datetime: MIDNIGHT + hour * HOUR_MS, carbonIntensity: gramsPerKwh(value), ...around };
}

/** Day one is 100 throughout, day two 130, day three 190. */
const readings = {
  start: MIDNIGHT,
  values: Float64Array.from({ length: 72 }, (_, hour) => [100, 130, 190][Math.floor(hour / 24)] ?? Number.NaN),
};

test('compares forecasts by hours ahead with the same hour of the last day known', () => {
  const made = [
    { madeAt: MIDNIGHT + 24 * HOUR_MS + 60_000, points: [point(25, 120, 5), point(48, 170, 30)] },
    { madeAt: MIDNIGHT + 30 * HOUR_MS, points: [point(31, 140, 15), point(55, 150)] },
  ];

  expect(forecastAccuracy(made, readings)).toEqual([
    { hoursAhead: 1, compared: 2, meanAbsoluteError: 10, yesterdayMeanAbsoluteError: 30, bias: 0, withinBand: 0.5 },
    { hoursAhead: 24, compared: 1, meanAbsoluteError: 20, yesterdayMeanAbsoluteError: 60, bias: -20, withinBand: 1 },
    { hoursAhead: 25, compared: 1, meanAbsoluteError: 40, yesterdayMeanAbsoluteError: 90, bias: -40 },
  ]);
});

test('leaves out hours without a reading, without one of the day before, and the hour in progress', () => {
  const values = readings.values.with(30, Number.NaN);
  const made = [
    { madeAt: MIDNIGHT + 24 * HOUR_MS, points: [point(24, 130), point(30, 130), point(54, 130), point(90, 130)] },
  ];

  // Hour 54 is 30 hours ahead: its last day known is the one before yesterday, hour 6.
  expect(forecastAccuracy(made, { start: MIDNIGHT, values }).map(({ hoursAhead }) => hoursAhead)).toEqual([30]);
  expect(forecastAccuracy(made, { start: MIDNIGHT + 7 * HOUR_MS, values: values.slice(7) })).toEqual([]);
});
