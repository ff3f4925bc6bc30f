import type { HourlyIntensity, Quality } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf, isoTime } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { IntensityReader, TimeRange } from '../records/power.ts';
import { calculate, type EmissionsResult, intensityOf } from './calculate.ts';
import { CalculatorError, calculatorError } from './error.ts';
import { wholeRequests } from './formula.ts';
import { givenIntensity, type HourlyUse, type IntensityUsed, yearlyIntensityUsed } from './intensity-used.ts';
import { ALWAYS, parseTime } from './period.ts';
import { placeRegion } from './region.ts';
import { builtInProfiles, profileOf, type ServiceProfile, withProfiles } from './service-profiles.ts';
import { recordedSpan } from './span.ts';

/** A time as a Date, as milliseconds since 1970, or as ISO 8601 (UTC where it names no zone). */
export type Time = Date | number | string;

/** What to calculate. Without a period and a history, the yearly average of the region's zone is used, and labelled. */
export interface EmissionsQuery {
  /** A built-in service, or one of `profiles`. */
  readonly service: string;
  /** Cloud region (`us-east-1`, `aws/eu-west-1`) or grid zone (`DE`). */
  readonly region: string;
  /** Whole and above 0. */
  readonly requests: number;
  readonly from?: Time;
  /** Not included. */
  readonly to?: Time;
  /** Requests by hour: the intensity is weighted by them; without them, evenly over the period. */
  readonly usage?: readonly { readonly hour: Time; readonly requests: number }[];
  /** One intensity for all, in gCO2/kWh; takes the place of any history. */
  readonly intensity?: number;
  /** Hourly intensity of the region's zone. */
  readonly history?: readonly {
    readonly hour: Time;
    readonly gCO2_per_kWh: number;
    readonly source?: string;
    readonly quality?: Quality;
  }[];
  /** Profiles beside the built-in ones; one of the same name replaces it. */
  readonly profiles?: readonly ServiceProfile[];
  /** Power usage effectiveness, at least 1. */
  readonly pue?: number;
  /** Adds the Software Carbon Intensity of ISO/IEC 21031. */
  readonly sci?: boolean;
  /** Embodied emissions of all requests in gCO2e. */
  readonly embodied_g?: number;
  /** Takes the yearly average for a period without history instead of refusing. */
  readonly yearlyAverage?: boolean;
}

/** Options of {@link calculateEmissions} beside service, region and number of requests. */
export type EmissionsOptions = Omit<EmissionsQuery, 'service' | 'region' | 'requests'>;

/** The built-in energy profiles by service name: estimates in Wh per request, before PUE. */
export const SERVICE_PROFILES: Readonly<Record<string, ServiceProfile>> = Object.freeze(
  Object.fromEntries(builtInProfiles()),
);

/**
 * Energy and emissions of requests to a service, at once, from what is passed. Without a period and a history the yearly
 * average of the region's grid zone is used, and labelled so. Throws a coded error that names the nearest valid choice.
 */
export function calculateEmissions(
  service: string,
  region: string,
  requests: number,
  options?: EmissionsOptions,
): EmissionsResult;
/** The same from one object. */
export function calculateEmissions(query: EmissionsQuery): EmissionsResult;
/** With a store: from its recorded hours of the region's zone; without a period, from the newest 24 of them. */
export function calculateEmissions(query: EmissionsQuery, store: IntensityReader): Promise<EmissionsResult>;
/** All three forms. */
export function calculateEmissions(
  first: string | EmissionsQuery,
  second?: string | IntensityReader,
  requests?: number,
  options?: EmissionsOptions,
): EmissionsResult | Promise<EmissionsResult> {
  if (typeof first === 'string') {
    const query = { ...options, service: first, region: second as string, requests: requests as number };
    return withHistory(query, historyOf(query));
  }
  if (second === undefined) return withHistory(first, historyOf(first));
  const store = second as IntensityReader;
  return (async () => {
    const { zone } = placeRegion(first.region, await store.zones());
    return withHistory(first, await store.intensities([zone], ALWAYS));
  })();
}

function withHistory(query: EmissionsQuery, history: readonly HourlyIntensity[]): EmissionsResult {
  const place = placeRegion(
    query.region,
    history.map(({ zone }) => zone),
  );
  const profile = profileOf(withProfiles(builtInProfiles(), query.profiles ?? []), query.service);
  const requests = wholeRequests(query.requests);
  const recorded = recordedSpan(history, place.zone);
  const period =
    periodOf(query) ?? (recorded && { from: Math.max(recorded.from, recorded.to - 24 * HOUR_MS), to: recorded.to });
  if (query.pue !== undefined && !(query.pue >= 1))
    throw calculatorError('PUE_INVALID', { value: query.pue, nearest: '1' });
  return calculate({
    profile,
    place,
    requests,
    ...(period && { period }),
    intensity: intensityFor(query, place, history, period, recorded),
    ...(query.pue !== undefined && { pue: { value: query.pue, source: 'given' } }),
    ...(query.sci && { sci: true }),
    ...(query.embodied_g !== undefined && { embodied_g: query.embodied_g }),
  });
}

function intensityFor(
  query: EmissionsQuery,
  place: ReturnType<typeof placeRegion>,
  history: readonly HourlyIntensity[],
  period: TimeRange | undefined,
  recorded: TimeRange | undefined,
): IntensityUsed {
  if (query.intensity !== undefined) {
    if (query.intensity > 0 && Number.isFinite(query.intensity)) return givenIntensity(query.intensity, 'given');
    throw calculatorError('INTENSITY_INVALID', { value: query.intensity });
  }
  if (period === undefined) {
    const yearly = yearlyIntensityUsed(place.zone);
    if (yearly) return yearly;
    throw calculatorError('INTENSITY_NOT_KNOWN', { zone: place.zone });
  }
  const use = query.usage?.map(({ hour, requests }): HourlyUse => ({ hour: timeOf(hour), amount: requests }));
  return intensityOf(place, history, period, { yearly: query.yearlyAverage ?? false, recorded, ...(use && { use }) });
}

function periodOf({ from, to }: EmissionsQuery): TimeRange | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined) throw calculatorError('PERIOD_INCOMPLETE', {});
  const period = { from: timeOf(from), to: timeOf(to) };
  if (period.from < period.to) return period;
  throw calculatorError('PERIOD_REVERSED', { from: isoTime(period.from), to: isoTime(period.to) });
}

function historyOf({ region, history = [] }: EmissionsQuery): HourlyIntensity[] {
  const { zone } = history.length > 0 ? placeRegion(region) : { zone: '' as Zone };
  return history.map(({ hour, gCO2_per_kWh, source = 'given', quality = 'measured' }) => ({
    zone,
    hour: hourOf(timeOf(hour)),
    carbonIntensity: gramsPerKwh(gCO2_per_kWh),
    provider: source,
    signal: 'average',
    quality,
  }));
}

function timeOf(time: Time): EpochMs {
  if (typeof time === 'string') return parseTime(time);
  return typeof time === 'number' ? time : time.getTime();
}

export { CalculatorError, type EmissionsResult, type IntensityUsed, type ServiceProfile };
