import { type IntensityAt, intervalEmissions } from '../../shared/emissions/pricing.ts';
import { type HourlyIntensity, QUALITIES, type Quality } from '../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf, type Joules } from '../../shared/grid/units.ts';
import { yearlyIntensity } from '../../shared/grid/yearly-intensity.ts';
import { countryOf, type Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader, TimeRange } from '../../shared/records/power.ts';

/** Where a country's intensity comes from: one zone's history, the mean of several, the yearly table, or nowhere. */
export type IntensityBasis = 'zone' | 'mean-of-zones' | 'yearly-average' | 'unknown';

interface HourPrice {
  readonly carbonIntensity: ReturnType<typeof gramsPerKwh>;
  readonly quality: Quality;
  readonly providers: readonly string[];
}

/** The hourly intensities of a country or zone, as far as they are known. */
export interface CountryIntensity {
  readonly code: Zone;
  readonly basis: IntensityBasis;
  /** Zones whose history is used; for the yearly average the zone of the table. */
  readonly zones: readonly Zone[];
  readonly at: (hour: EpochMs) => HourPrice | undefined;
}

/** Finds the intensities of countries and zones over a range. Only `average` signals: marginal ones price decisions. */
export async function countryIntensities(
  store: IntensityReader,
  codes: readonly Zone[],
  range: TimeRange,
): Promise<CountryIntensity[]> {
  const tracked = await store.zones();
  const wanted = codes.map((code) => {
    const zones = tracked.includes(code) ? [code] : tracked.filter((zone) => countryOf(zone) === code);
    return { code, zones };
  });
  const hourly = await store.intensities([...new Set(wanted.flatMap(({ zones }) => zones))], range);
  const averages = hourly.filter((hour) => hour.signal === 'average');
  const withAverage = new Set(averages.map((hour) => hour.zone));
  const onlyMarginal = new Set(hourly.map((hour) => hour.zone).filter((zone) => !withAverage.has(zone)));
  return wanted.map(({ code, zones }) => {
    const usable = zones.filter((zone) => !onlyMarginal.has(zone));
    return usable.length > 0 ? fromHistory(code, usable, averages) : fromTable(code);
  });
}

/** What one interval's energy emitted at a country's intensity; null where it is not known. */
export function priced(country: CountryIntensity, joules: Joules, start: EpochMs, end: EpochMs) {
  const at: IntensityAt = country.at;
  const { grams, intensity, coveredMs, qualities } = intervalEmissions(joules, start, end, at);
  const providers = new Set<string>();
  for (let hour = hourOf(start); hour < end; hour += HOUR_MS)
    for (const provider of country.at(hour)?.providers ?? []) providers.add(provider);
  const watts = joules / ((end - start) / 1000);
  return {
    intensity_g_per_kwh: intensity ?? null,
    grams_per_second: intensity === undefined ? null : (watts / 3_600_000) * intensity,
    grams: grams ?? null,
    quality: worst(qualities) ?? null,
    provider: [...providers].sort().join(', ') || null,
    coverage: coveredMs / (end - start),
  };
}

/** The least certain of some qualities; undefined of none. */
export function worst(qualities: Iterable<Quality>): Quality | undefined {
  const ranks = [...qualities].map((quality) => QUALITIES.indexOf(quality));
  return ranks.length > 0 ? QUALITIES[Math.max(...ranks)] : undefined;
}

function fromHistory(code: Zone, zones: readonly Zone[], hourly: readonly HourlyIntensity[]): CountryIntensity {
  const byHour = new Map<EpochMs, HourlyIntensity[]>();
  for (const value of hourly) {
    if (!zones.includes(value.zone)) continue;
    const known = byHour.get(value.hour);
    if (known === undefined) byHour.set(value.hour, [value]);
    else known.push(value);
  }
  const prices = new Map([...byHour].map(([hour, values]) => [hour, meanOf(values)]));
  return { code, basis: zones.length > 1 ? 'mean-of-zones' : 'zone', zones, at: (hour) => prices.get(hour) };
}

function meanOf(values: readonly HourlyIntensity[]): HourPrice {
  let total = 0;
  for (const value of values) total += value.carbonIntensity;
  return {
    carbonIntensity: gramsPerKwh(total / values.length),
    quality: worst(values.map((value) => value.quality)) ?? 'estimated',
    providers: [...new Set(values.map((value) => value.provider))],
  };
}

function fromTable(code: Zone): CountryIntensity {
  const yearly = yearlyIntensity(code);
  if (yearly === undefined) return { code, basis: 'unknown', zones: [], at: () => undefined };
  const price: HourPrice = {
    carbonIntensity: yearly.gramsPerKwh,
    quality: 'yearly-average',
    providers: [`yearly-average table (${yearly.source} ${yearly.year})`],
  };
  return { code, basis: 'yearly-average', zones: [yearly.of], at: () => price };
}
