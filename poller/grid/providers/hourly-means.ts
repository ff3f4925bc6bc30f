import { type ForecastPoint, type IntensitySample, worstQuality } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, hourOf } from '../../../shared/grid/units.ts';

/** Forecast points of any step as means of hours, oldest first. */
export function hourlyForecast(points: readonly ForecastPoint[]): ForecastPoint[] {
  return [...byHour(points)]
    .map(([datetime, inHour]) => ({ datetime, carbonIntensity: mean(inHour) }))
    .sort((a, b) => a.datetime - b.datetime);
}

/** Samples of one zone and provider as one per hour: the mean of its values, with the worst quality among them; oldest first. */
export function hourlySamples(samples: readonly IntensitySample[]): IntensitySample[] {
  return [...byHour(samples)]
    .map(([hour, inHour]) => {
      const newest = inHour.reduce((a, b) => (b.datetime >= a.datetime ? b : a));
      const quality = worstQuality(inHour.map((sample) => sample.quality)) ?? newest.quality;
      return { ...newest, datetime: hour, carbonIntensity: mean(inHour), quality, isEstimated: quality !== 'measured' };
    })
    .sort((a, b) => a.datetime - b.datetime);
}

/** The point whose step contains a time, else the newest before it; undefined when all lie ahead. */
export function currentPoint<Point extends { readonly datetime: EpochMs }>(
  points: readonly Point[],
  now: EpochMs,
): Point | undefined {
  let current: Point | undefined;
  for (const point of points)
    if (point.datetime <= now && (current === undefined || point.datetime > current.datetime)) current = point;
  return current;
}

function byHour<Point extends { readonly datetime: EpochMs }>(points: readonly Point[]): Map<EpochMs, Point[]> {
  return Map.groupBy(points, ({ datetime }) => hourOf(datetime));
}

function mean(points: readonly { readonly carbonIntensity: number }[]) {
  let sum = 0;
  for (const point of points) sum += point.carbonIntensity;
  return gramsPerKwh(Math.round((sum / points.length) * 100) / 100);
}
