import { type ForecastPoint, type IntensitySample, QUALITIES, type Quality } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, hourOf } from '../../../shared/grid/units.ts';

/** Forecast points of any step as means of hours, oldest first. */
export function hourlyForecast(points: readonly ForecastPoint[]): ForecastPoint[] {
  return [...byHour(points)].map(([datetime, of]) => ({ datetime, carbonIntensity: mean(of) })).sort(byTime);
}

/** Readings of one zone and provider as one per hour: the mean of its values, with the worst quality among them; oldest first. */
export function hourlySamples(samples: readonly IntensitySample[]): IntensitySample[] {
  return [...byHour(samples)]
    .map(([hour, of]) => {
      const newest = of.reduce((a, b) => (b.datetime >= a.datetime ? b : a));
      const quality = worst(of);
      return { ...newest, datetime: hour, carbonIntensity: mean(of), quality, isEstimated: quality !== 'measured' };
    })
    .sort(byTime);
}

/** The sample whose step contains a time, else the newest before it; undefined when all lie ahead. */
export function currentPoint<Point extends { readonly datetime: EpochMs }>(
  points: readonly Point[],
  now: EpochMs,
): Point | undefined {
  let found: Point | undefined;
  for (const point of points)
    if (point.datetime <= now && (found === undefined || point.datetime > found.datetime)) found = point;
  return found;
}

function byHour<Point extends { readonly datetime: EpochMs }>(points: readonly Point[]): Map<EpochMs, Point[]> {
  const hours = new Map<EpochMs, Point[]>();
  for (const point of points) {
    const hour = hourOf(point.datetime);
    const of = hours.get(hour);
    if (of) of.push(point);
    else hours.set(hour, [point]);
  }
  return hours;
}

function mean(points: readonly { readonly carbonIntensity: number }[]) {
  let sum = 0;
  for (const point of points) sum += point.carbonIntensity;
  return gramsPerKwh(Math.round((sum / points.length) * 100) / 100);
}

function worst(samples: readonly IntensitySample[]): Quality {
  const ranks = samples.map((sample) => QUALITIES.indexOf(sample.quality));
  return QUALITIES[Math.max(...ranks)] ?? 'estimated';
}

function byTime(a: { datetime: EpochMs }, b: { datetime: EpochMs }): number {
  return a.datetime - b.datetime;
}
