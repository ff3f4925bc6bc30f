import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import { cut, type HourlySeries } from './series.ts';

/** A forecast as it was made, to be judged once readings have come. */
export interface MadeForecast {
  readonly madeAt: EpochMs;
  readonly points: readonly ForecastPoint[];
}

/** How good the forecasts of one zone were for hours a certain way ahead. Errors in gCO2eq/kWh. */
export interface Accuracy {
  /** Hours from the hour in which the forecast was made to the hour that it is about. */
  readonly hoursAhead: number;
  /** Hours for which forecast, reading and yesterday's reading are all known; the figures below are over these. */
  readonly compared: number;
  /** Mean absolute error of the forecast. */
  readonly meanAbsoluteError: number;
  /** Mean absolute error of taking the same hour of the last day known when the forecast was made. */
  readonly yesterdayMeanAbsoluteError: number;
  /** Mean of forecast minus reading: positive when it forecasts too much. */
  readonly bias: number;
  /** Share (0 to 1) of the readings within the band; absent when the forecasts carried none. */
  readonly withinBand?: number;
}

interface Sums {
  compared: number;
  absolute: number;
  yesterday: number;
  signed: number;
  banded: number;
  within: number;
}

/** Judges forecasts of one zone by its readings, by whole hours ahead, ascending; an hour ahead without a comparable reading is left out. */
export function forecastAccuracy(made: Iterable<MadeForecast>, readings: HourlySeries): readonly Accuracy[] {
  const byHour = new Map<number, Sums>();
  for (const { madeAt, points } of made) {
    const present = hourOf(madeAt);
    for (const point of points) {
      const hoursAhead = (point.datetime - present) / HOUR_MS;
      if (hoursAhead < 1 || !Number.isInteger(hoursAhead)) continue;
      const actual = valueAt(readings, point.datetime);
      const yesterday = valueAt(readings, point.datetime - Math.ceil(hoursAhead / 24) * 24 * HOUR_MS);
      if (actual === undefined || yesterday === undefined) continue;
      const sums = byHour.get(hoursAhead) ?? emptySums();
      byHour.set(hoursAhead, sums);
      add(sums, point, actual, yesterday);
    }
  }
  return [...byHour].sort(([a], [b]) => a - b).map(([hoursAhead, sums]) => accuracyOf(hoursAhead, sums));
}

function emptySums(): Sums {
  return { compared: 0, absolute: 0, yesterday: 0, signed: 0, banded: 0, within: 0 };
}

function add(sums: Sums, point: ForecastPoint, actual: number, yesterday: number): void {
  const error = point.carbonIntensity - actual;
  sums.compared += 1;
  sums.absolute += Math.abs(error);
  sums.signed += error;
  sums.yesterday += Math.abs(yesterday - actual);
  if (point.low === undefined || point.high === undefined) return;
  sums.banded += 1;
  if (actual >= point.low && actual <= point.high) sums.within += 1;
}

function accuracyOf(hoursAhead: number, sums: Sums): Accuracy {
  const { compared, absolute, yesterday, signed, banded, within } = sums;
  return {
    hoursAhead,
    compared,
    meanAbsoluteError: absolute / compared,
    yesterdayMeanAbsoluteError: yesterday / compared,
    bias: signed / compared,
    ...(banded > 0 && { withinBand: within / banded }),
  };
}

function valueAt(readings: HourlySeries, hour: EpochMs): number | undefined {
  const [value] = cut(readings, hour, 1);
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
