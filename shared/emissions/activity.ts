import { type Quality, worstQuality } from '../grid/intensity.ts';
import { type EpochMs, type Grams, HOUR_MS, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { Container, IntensityReader, PowerReader, TimeRange } from '../records/power.ts';
import { countryIntensities, type HourPrice, ownCode } from './country-intensity.ts';
import { emissions } from './pricing.ts';

const DAY_MS = 24 * HOUR_MS;

/** Where energy and its prices come from. */
export interface ActivitySource {
  readonly store: Pick<PowerReader, 'hourly'> & IntensityReader;
  /** The grid zone of a node; undefined where it is not known. */
  readonly zoneOfNode: (node: string) => Zone | undefined;
  /** Price of a kilowatt-hour by zone; absent: none is known. */
  readonly prices?: ReadonlyMap<Zone, number> | undefined;
}

/** Energy of one container in one UTC hour, with the intensity of that hour in the zone of its node. */
export interface ActivityHour {
  readonly container: Container;
  readonly hour: EpochMs;
  readonly joules: Joules;
  /** Milliseconds of the hour for which power is known. */
  readonly coveredMs: number;
  /** Null where the zone of the node is not known. */
  readonly zone: Zone | null;
  /** Undefined where the intensity of the hour is not known. */
  readonly price: HourPrice | undefined;
}

/** Energy and emissions of one container in one hour or day; null where nothing is known. */
export interface Activity {
  readonly container: Container;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly joules: Joules;
  readonly coveredMs: number;
  readonly zone: Zone | null;
  /** Energy whose hours have a known intensity: `grams` are of this part alone. */
  readonly pricedJoules: Joules;
  readonly grams: Grams | null;
  /** The least certain quality of the intensities. */
  readonly quality: Quality | null;
  readonly providers: readonly string[];
  /** Cost of the energy where the zone has a price. */
  readonly cost: number | null;
}

/**
 * Activity by container and hour of a range of whole hours, one UTC day at a time, which bounds the memory. Location-based
 * intensities: those of the zone, else the yearly average of its country.
 */
export async function* activityHours(
  { store, zoneOfNode }: ActivitySource,
  { range, namespace }: { readonly range: TimeRange; readonly namespace?: string | undefined },
): AsyncIterable<readonly ActivityHour[]> {
  for (const day of daysOf(range)) {
    const zones = new Map<string, Zone | null>();
    const energies: Omit<ActivityHour, 'zone' | 'price'>[] = [];
    for await (const energy of store.hourly({ namespace }, day)) {
      energies.push(energy);
      const { node } = energy.container;
      if (!zones.has(node)) zones.set(node, (node === '' ? undefined : zoneOfNode(node)) ?? null);
    }
    if (energies.length === 0) continue;
    const codes = [...new Set(zones.values())].filter((zone) => zone !== null).sort();
    const countries = await countryIntensities(store, codes.map(ownCode), day);
    const known = new Map(countries.map((country, at) => [codes[at], country]));
    yield energies.map((energy) => {
      const zone = zones.get(energy.container.node) ?? null;
      return { ...energy, zone, price: zone === null ? undefined : known.get(zone)?.at(energy.hour) };
    });
  }
}

/** Activity by container and hour or day, in order of time and of names; a batch for each day at most. */
export async function* activity(
  source: ActivitySource,
  query: { readonly range: TimeRange; readonly by: 'hour' | 'day'; readonly namespace?: string | undefined },
): AsyncIterable<readonly Activity[]> {
  for await (const hours of activityHours(source, query)) {
    const pieces = Map.groupBy(hours, ({ hour }) => (query.by === 'hour' ? hour : dayOf(hour)));
    for (const [from, within] of [...pieces].sort(([a], [b]) => a - b)) {
      const span = { from: Math.max(from, query.range.from), to: endOf(from, query) };
      const byContainer = Map.groupBy(within, ({ container }) => container);
      yield [...byContainer.values()].map((of) => summed(of, span, source.prices)).sort(byNames);
    }
  }
}

/** The UTC days that a range touches, the first and the last cut to it. */
export function daysOf({ from, to }: TimeRange): TimeRange[] {
  const days: TimeRange[] = [];
  for (let day = dayOf(from); day < to; day += DAY_MS)
    days.push({ from: Math.max(day, from), to: Math.min(day + DAY_MS, to) });
  return days;
}

function dayOf(time: EpochMs): EpochMs {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

function endOf(from: EpochMs, { range, by }: { readonly range: TimeRange; readonly by: 'hour' | 'day' }): EpochMs {
  return Math.min(from + (by === 'hour' ? HOUR_MS : DAY_MS), range.to);
}

/** Adds hours of one container up. */
function summed(
  hours: readonly ActivityHour[],
  { from, to }: TimeRange,
  prices: ReadonlyMap<Zone, number> | undefined,
): Activity {
  const sum = { joules: 0, coveredMs: 0, priced: 0, grams: 0 };
  let worst: Quality | null = null;
  const providers = new Set<string>();
  const [first] = hours as readonly [ActivityHour, ...ActivityHour[]];
  for (const { joules, coveredMs, price } of hours) {
    sum.joules += joules;
    sum.coveredMs += coveredMs;
    if (price === undefined) continue;
    sum.priced += joules;
    sum.grams += emissions(joules, price.carbonIntensity);
    worst = worse(worst, price.quality);
    for (const provider of price.providers) providers.add(provider);
  }
  const price = first.zone === null ? undefined : prices?.get(first.zone);
  return {
    ...{ container: first.container, from, to, zone: first.zone },
    joules: sum.joules as Joules,
    coveredMs: sum.coveredMs,
    pricedJoules: sum.priced as Joules,
    grams: worst === null ? null : (sum.grams as Grams),
    quality: worst,
    providers: [...providers].sort(),
    cost: price === undefined ? null : (sum.joules / JOULES_PER_KWH) * price,
  };
}

function worse(one: Quality | null, other: Quality): Quality {
  return one === null ? other : (worstQuality([one, other]) ?? other);
}

function byNames({ container: a }: Activity, { container: b }: Activity): number {
  for (const field of ['namespace', 'pod', 'container', 'node'] as const)
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  return 0;
}
