import { climatologyOf, type Shape, shapeOf, solarOffsetMs } from '../../../shared/forecast/climatology.ts';
import { continueSeries } from '../../../shared/forecast/continue.ts';
import { joinForecasts } from '../../../shared/forecast/join.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { quantileOf } from '../../../shared/grid/quantile.ts';
import type { Trace } from '../../../shared/grid/trace.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { randomOf } from '../../../shared/simulation/random.ts';
import { type Forecasts, forecastsOf } from './forecasts.ts';
import { climatologyYears, genericOf, longitudeOf } from './make-climatology.ts';
import { type HourlyForecasts, planAndRevise } from './policies.ts';
import { type Sample, shareOf } from './shares.ts';

/** Share of the clairvoyant saving of a zone, by scenario, with the product's defaults and hourly revision. */
export function scenarioShares(trace: Trace, zone: Zone, sample: Sample): Record<string, number> {
  const values = trace.zones.get(zone) as Float64Array;
  const { isForecast: isWanted, refitHours } = sample;
  const revised = (forecasts: HourlyForecasts) => shareOf(values, planAndRevise(forecasts), sample.isArrival).share;
  const shares: Record<string, number> = {};
  const shape = shapeBefore(trace, zone);
  for (const days of [1, 3, 7, 14, 28]) {
    const historiesAt = (hour: number) => new Map([[zone, lastDays(trace, values, hour, days)]]);
    shares[`${days} d known`] = revised(
      forecastsOf(trace, zone, { historiesAt, shape, isWanted, refitHours: Number.POSITIVE_INFINITY }),
    );
  }
  for (const [name, gaps] of [
    ['20 % missing', missingAtRandom(values, 0.2)],
    ['outages of 48 h', outages(values, 0.1, 48)],
  ] as const) {
    const historiesAt = (hour: number) => new Map([[zone, { start: trace.start, values: gaps.subarray(0, hour + 1) }]]);
    shares[name] = revised(forecastsOf(trace, zone, { historiesAt, shape, isWanted, refitHours }));
  }
  const alone = forecastsOf(trace, zone, { isWanted, refitHours });
  shares.alone = revised(alone);
  for (const hours of [5, 24, 48]) {
    shares[`given ${hours} h`] = revised(joinedWith(trace, values, alone, hours));
    shares[`given ${hours} h alone`] = revised(providerOnly(trace, values, hours, isWanted));
  }
  const changedAt = (hour: number) => new Map([[zone, changedYesterday(trace, values, hour)]]);
  shares['provider changed'] = revised(
    forecastsOf(trace, zone, { historiesAt: changedAt, shape, isWanted, refitHours }),
  );
  return shares;
}

/** The usual shape as it could have been shipped before the trace began: its own earlier years, else that of the other zones. */
function shapeBefore(trace: Trace, zone: Zone): Shape {
  const own = climatologyYears(trace.start).get(zone);
  if (own) return shapeOf(climatologyOf([own]), { isOwn: true });
  const others = new Map([...climatologyYears()].filter(([other]) => other !== zone));
  return shapeOf(genericOf(others), { offsetMs: solarOffsetMs(longitudeOf(zone)) });
}

function lastDays(trace: Trace, values: Float64Array, hour: number, days: number): HourlySeries {
  const first = hour + 1 - 24 * days;
  return { start: trace.start + first * HOUR_MS, values: values.subarray(first, hour + 1) };
}

function missingAtRandom(values: Float64Array, share: number): Float64Array {
  const random = randomOf(1);
  return values.map((value) => (random() < share ? Number.NaN : value));
}

/** Outages of a mean length (geometric), over a share of the time. */
function outages(values: Float64Array, share: number, meanHours: number): Float64Array {
  const random = randomOf(2);
  let isOut = false;
  return values.map((value) => {
    isOut = isOut ? random() >= 1 / meanHours : random() < share / (1 - share) / meanHours;
    return isOut ? Number.NaN : value;
  });
}

function truth(trace: Trace, values: Float64Array, hour: number, hours: number): ForecastPoint[] {
  return Array.from(values.subarray(hour, hour + hours), (value, ahead) => ({
    datetime: trace.start + (hour + ahead) * HOUR_MS,
    carbonIntensity: gramsPerKwh(value),
  }));
}

/** A provider's forecast of the true next hours, joined with our own. */
function joinedWith(trace: Trace, values: Float64Array, own: Forecasts, hours: number): HourlyForecasts {
  const at = own.at.map((points, hour) =>
    joinForecasts(
      trace.start + hour * HOUR_MS,
      { source: 'provider', points: truth(trace, values, hour, hours) },
      { source: 'history', points },
      33,
    ),
  );
  return { start: trace.start, at };
}

function providerOnly(
  trace: Trace,
  values: Float64Array,
  hours: number,
  isWanted: Sample['isForecast'],
): HourlyForecasts {
  const known = Math.min(33, hours);
  const at = Array.from(values, (_, hour) => (isWanted(hour) ? truth(trace, values, hour, known) : []));
  return { start: trace.start, at };
}

/** All but the last 24 hours come from another provider, whose method finds a fifth less. */
function changedYesterday(trace: Trace, values: Float64Array, hour: number): HourlySeries {
  const from = hour + 1 - 24;
  const older = {
    start: trace.start,
    values: values.slice(Math.max(0, from - 60 * 24), from).map((value) => 0.8 * value),
  };
  const start = trace.start + Math.max(0, from - 60 * 24) * HOUR_MS;
  return continueSeries(
    { ...older, start },
    { start: trace.start + from * HOUR_MS, values: values.subarray(from, hour + 1) },
  );
}

/** Mean absolute percentage error of the first 24 hours of forecasts made at midnight UTC, in percent, and of yesterday's hours. */
export function dayAheadError(
  trace: Trace,
  zone: Zone,
  forecasts: HourlyForecasts,
): { ours: number; yesterday: number; median: number } {
  const values = trace.zones.get(zone) as Float64Array;
  const errors: number[] = [];
  let [sum, yesterday, count] = [0, 0, 0];
  for (const [hour, points] of forecasts.at.entries()) {
    if (points === undefined || hour % 24 !== 0 || hour + 24 > values.length) continue;
    for (const { datetime, carbonIntensity } of points.slice(0, 24)) {
      const index = (datetime - trace.start) / HOUR_MS;
      const actual = values[index] as number;
      errors.push(Math.abs(carbonIntensity - actual) / actual);
      sum += errors.at(-1) as number;
      yesterday += Math.abs((values[index - 24] as number) - actual) / actual;
      count += 1;
    }
  }
  return { ours: (100 * sum) / count, yesterday: (100 * yesterday) / count, median: 100 * quantileOf(errors, 0.5) };
}
