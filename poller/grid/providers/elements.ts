import type { z } from 'zod';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { DataIssueReporter } from '../data-issues.ts';
import { ProviderError } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';

/** The elements of a foreign array that match a schema; each other one is reported and left out by itself. */
export function usableElements<Schema extends z.ZodType>(
  schema: Schema,
  elements: readonly unknown[],
  reporter: DataIssueReporter,
  zone: Zone,
): z.output<Schema>[] {
  const usable: z.output<Schema>[] = [];
  for (const [index, element] of elements.entries()) {
    const parsed = schema.safeParse(element);
    if (parsed.success) usable.push(parsed.data);
    else {
      const issue = parsed.error.issues[0];
      reporter.report(zone, 'malformed', `${[index, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
    }
  }
  return usable;
}

/** No provider has data of earlier times, nor forecasts later ones, in milliseconds since 1970 and from now on. */
const EARLIEST = Date.parse('2000-01-01T00:00:00Z');
const LONGEST_FORECAST_MS = 62 * 24 * HOUR_MS;

/** The points with a plausible time and intensity, oldest first, each time once (the last one counts); the others are reported and left out. */
export function plausiblePoints<Point extends { readonly datetime: number; readonly carbonIntensity: number }>(
  points: readonly Point[],
  reporter: DataIssueReporter & Pick<ProviderClient, 'now'>,
  zone: Zone,
): Point[] {
  const byTime = new Map<number, Point>();
  const latest = reporter.now() + LONGEST_FORECAST_MS;
  for (const point of points) {
    if (!(point.datetime >= EARLIEST && point.datetime <= latest)) {
      // Not as a date: it may be beyond what a date can be.
      reporter.report(zone, 'implausible', `a value ${point.datetime} milliseconds after 1970`);
      continue;
    }
    const issue = intensityIssue(point.carbonIntensity, reporter.maxIntensity);
    if (issue) {
      reporter.report(zone, issue, `${point.carbonIntensity} gCO2eq/kWh at ${isoTime(point.datetime)}`);
      continue;
    }
    if (byTime.has(point.datetime)) reporter.report(zone, 'duplicate', `two values at ${isoTime(point.datetime)}`);
    byTime.set(point.datetime, point);
  }
  return [...byTime.values()].sort((a, b) => a.datetime - b.datetime);
}

/** A single value that must be plausible; throws a `malformed` ProviderError where it is not. */
export function requirePlausible<Point extends { readonly carbonIntensity: number }>(
  point: Point,
  client: ProviderClient,
  zone: Zone,
): Point {
  const issue = intensityIssue(point.carbonIntensity, client.maxIntensity);
  if (issue === undefined) return point;
  const limit = issue === 'negative' ? 'is negative' : `is above MAX_INTENSITY ${client.maxIntensity}`;
  const detail = `${point.carbonIntensity} gCO2eq/kWh ${limit}`;
  client.report(zone, issue, detail);
  throw new ProviderError({ provider: client.provider, zone, reason: 'malformed', detail });
}

function intensityIssue(value: number, max: number): 'negative' | 'implausible' | undefined {
  if (value < 0) return 'negative';
  return value <= max ? undefined : 'implausible';
}
