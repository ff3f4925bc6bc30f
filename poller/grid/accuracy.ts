import { Gauge, type Registry } from 'prom-client';
import { type Accuracy, forecastAccuracy, type MadeForecast } from '../../shared/forecast/accuracy.ts';
import { hourlySeries } from '../../shared/forecast/series.ts';
import type { ForecastPoint, HourlyIntensity } from '../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';

/** Hours ahead that are shown: the usual waits. */
const SHOWN_HOURS_AHEAD: ReadonlySet<number> = new Set([1, 3, 6, 12, 24, 48]);
/** Forecasts of this time are compared with the values that followed. */
const COMPARED_MS = 7 * 24 * HOUR_MS;

/** Measures the errors of forecasts, our own and the providers', against the values that followed. */
export interface AccuracyTracker {
  /** Adds forecasts that were made now; returns how good the earlier ones of each source were, by the zone's newest hours. */
  observe(
    zone: Zone,
    now: EpochMs,
    past: readonly HourlyIntensity[],
    made: readonly (readonly [source: string, points: readonly ForecastPoint[]])[],
  ): ReadonlyMap<string, readonly Accuracy[]>;
}

interface Kept {
  readonly madeAt: EpochMs;
  readonly first: EpochMs;
  /** One value an hour from `first` on; NaN where the forecast has none. */
  readonly values: Float32Array;
}

/** Keeps the forecasts of a week, packed, and exports their mean absolute errors. */
export function trackAccuracy(registry: Registry): AccuracyTracker {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['zone', 'source', 'hours_ahead'], registers: [registry] });
  const error = gauge(
    'carbon_poller_forecast_error_grams_per_kwh',
    'Mean absolute error of the forecasts of the last seven days, by zone, source and hours ahead',
  );
  const yesterday = gauge(
    'carbon_poller_forecast_yesterday_error_grams_per_kwh',
    'Mean absolute error of the same hours when the value 24 hours earlier is used as the forecast (persistence baseline)',
  );
  const kept = new Map<string, Kept[]>();
  return {
    observe(zone, now, past, made) {
      const samples = hourlySeries(past.map(({ hour, carbonIntensity }) => ({ datetime: hour, carbonIntensity })));
      const accuracies = new Map<string, readonly Accuracy[]>();
      for (const [source, points] of made) {
        if (points.length === 0) continue;
        const key = `${zone} ${source}`;
        const before = (kept.get(key) ?? []).filter(({ madeAt }) => now - madeAt < COMPARED_MS);
        if (samples) {
          const accuracy = forecastAccuracy(before.map(unpack), samples);
          accuracies.set(source, accuracy);
          for (const compared of accuracy) {
            if (!SHOWN_HOURS_AHEAD.has(compared.hoursAhead)) continue;
            const labels = { zone, source, hours_ahead: compared.hoursAhead };
            error.set(labels, compared.meanAbsoluteError);
            yesterday.set(labels, compared.yesterdayMeanAbsoluteError);
          }
        }
        kept.set(key, [...before, pack(now, points)]);
      }
      return accuracies;
    },
  };
}

function pack(madeAt: EpochMs, points: readonly ForecastPoint[]): Kept {
  const first = points[0]?.datetime ?? madeAt;
  const hours = Math.max(...SHOWN_HOURS_AHEAD) + 1;
  const values = new Float32Array(hours).fill(Number.NaN);
  for (const { datetime, carbonIntensity } of points) {
    const hour = (datetime - first) / HOUR_MS;
    if (hour < hours) values[hour] = carbonIntensity;
  }
  return { madeAt, first, values };
}

function unpack({ madeAt, first, values }: Kept): MadeForecast {
  const points: ForecastPoint[] = [];
  for (const [hour, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    points.push({ datetime: first + hour * HOUR_MS, carbonIntensity: gramsPerKwh(value) });
  }
  return { madeAt, points };
}
