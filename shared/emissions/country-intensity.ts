import { forEachHour } from '../grid/hours.ts';
import { type HourlyIntensity, type Quality, type Signal, worstQuality } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, type Joules, joules as toJoules } from '../grid/units.ts';
import { yearlyIntensity } from '../grid/yearly-intensity.ts';
import { countryOf, type Zone } from '../grid/zones.ts';
import type { IntensityReader, TimeRange } from '../records/power.ts';
import { emissions, intervalEmissions } from './pricing.ts';

/** A country or zone code as the client wrote it, which is what responses call it, and the zone that it means. */
export interface RequestedZone {
  readonly code: string;
  readonly zone: Zone;
}

/** Where a country's intensity comes from: one zone's history, the mean of several, the yearly table, or nowhere. */
export type IntensityBasis = 'zone' | 'mean-of-zones' | 'yearly-average' | 'unknown';

/** The intensity of one hour, and what it was made of. */
export interface HourPrice {
  readonly carbonIntensity: ReturnType<typeof gramsPerKwh>;
  readonly quality: Quality;
  readonly providers: readonly string[];
  /** Whether the factors count power plants and fuels from their making on (lifecycle), or what is burnt (direct); absent where no provider says. */
  readonly factorTypes?: readonly ('lifecycle' | 'direct')[];
}

/** The hourly intensities of a country or zone, as far as they are known. */
export interface CountryIntensity {
  /** As the client wrote it. */
  readonly code: string;
  readonly basis: IntensityBasis;
  /** Zones whose history is used; for the yearly average the zone of the table. */
  readonly zones: readonly Zone[];
  readonly at: (hour: EpochMs) => HourPrice | undefined;
}

/**
 * Finds the intensities of countries and zones over a range: average ones, with the yearly table where there is no history,
 * or marginal ones, of which there is no table. The two are never mixed.
 */
export async function countryIntensities(
  store: IntensityReader,
  requested: readonly RequestedZone[],
  range: TimeRange,
  signal: Signal = 'average',
): Promise<CountryIntensity[]> {
  return (await intensitiesBySignal(store, requested, range))(signal);
}

/** Reads intensities once; the function that it gives has those of a signal, see {@link countryIntensities}. */
export async function intensitiesBySignal(
  store: IntensityReader,
  requested: readonly RequestedZone[],
  range: TimeRange,
): Promise<(signal: Signal) => CountryIntensity[]> {
  const tracked = await store.zones();
  const wanted = requested.map(({ code, zone }) => {
    const zones = tracked.includes(zone) ? [zone] : tracked.filter((one) => countryOf(one) === zone);
    return { code, zone, zones };
  });
  const hourly = await store.intensities([...new Set(wanted.flatMap(({ zones }) => zones))], range);
  return (signal) => {
    const values = hourly.filter((hour) => hour.signal === signal);
    const withValues = new Set(values.map((hour) => hour.zone));
    const onlyOther = new Set(hourly.map((hour) => hour.zone).filter((zone) => !withValues.has(zone)));
    return wanted.map(({ code, zone, zones }) => {
      const usable = zones.filter((one) => !onlyOther.has(one));
      if (usable.length > 0) return fromHistory(code, usable, values);
      return signal === 'average' ? fromTable(code, zone) : unknownIntensity(code);
    });
  };
}

/** The code of a zone that no client spelled: its own. */
export function ownCode(zone: Zone): RequestedZone {
  return { code: zone, zone };
}

/** What one interval's energy emitted at a country's intensity, with the marginal intensity of the whole interval beside it; null where it is not known. */
export function priced(
  country: CountryIntensity,
  joules: Joules,
  start: EpochMs,
  end: EpochMs,
  marginal?: CountryIntensity,
) {
  const { grams, intensity, coveredMs, qualities } = intervalEmissions(joules, start, end, country.at);
  const providers = new Set<string>();
  forEachHour(start, end, (hour) => {
    for (const provider of country.at(hour)?.providers ?? []) providers.add(provider);
  });
  const joulesPerSecond = toJoules(joules / ((end - start) / 1000));
  const atMargin = marginal && intervalEmissions(joules, start, end, marginal.at);
  return {
    intensity_g_per_kwh: intensity ?? null,
    grams_per_second: intensity === undefined ? null : emissions(joulesPerSecond, intensity),
    grams: grams ?? null,
    quality: worstQuality(qualities) ?? null,
    provider: [...providers].sort().join(', ') || null,
    coverage: coveredMs / (end - start),
    basis: country.basis,
    zones: country.zones,
    marginal_g_per_kwh: atMargin?.coveredMs === end - start ? (atMargin.intensity ?? null) : null,
  };
}

/** The mean of some zones' values of one hour, with the worst of their qualities. At least one value. */
export function meanOf(values: readonly HourlyIntensity[]): HourPrice {
  let total = 0;
  for (const value of values) total += value.carbonIntensity;
  const factorTypes = new Set(values.map((value) => value.emissionFactorType).filter((type) => type !== undefined));
  return {
    carbonIntensity: gramsPerKwh(total / values.length),
    quality: worstQuality(values.map((value) => value.quality)) ?? 'estimated',
    providers: [...new Set(values.map((value) => value.provider))],
    ...(factorTypes.size > 0 && { factorTypes: [...factorTypes].sort() }),
  };
}

function fromHistory(code: string, zones: readonly Zone[], hourly: readonly HourlyIntensity[]): CountryIntensity {
  const byHour = Map.groupBy(
    hourly.filter((value) => zones.includes(value.zone)),
    (value) => value.hour,
  );
  const prices = new Map([...byHour].map(([hour, values]) => [hour, meanOf(values)]));
  return { code, basis: zones.length > 1 ? 'mean-of-zones' : 'zone', zones, at: (hour) => prices.get(hour) };
}

function fromTable(code: string, zone: Zone): CountryIntensity {
  const yearly = yearlyIntensity(zone);
  if (yearly === undefined) return unknownIntensity(code);
  const price: HourPrice = {
    carbonIntensity: yearly.gramsPerKwh,
    quality: 'yearly-average',
    providers: [`yearly-average table (${yearly.source} ${yearly.year})`],
  };
  return { code, basis: 'yearly-average', zones: [yearly.of], at: () => price };
}

function unknownIntensity(code: string): CountryIntensity {
  return { code, basis: 'unknown', zones: [], at: () => undefined };
}
