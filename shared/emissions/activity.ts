import { type Quality, worstQuality } from '../grid/intensity.ts';
import { type EpochMs, type Grams, HOUR_MS, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { Facility } from '../records/facility.ts';
import type { Container, IntensityReader, PowerReader, TimeRange } from '../records/power.ts';
import type { Contracts } from './contracts.ts';
import { countryIntensities, type HourPrice, ownCode } from './country-intensity.ts';
import { embodiedShareOf, facilityJoulesOf, type MachineAt, type MachineHour, machineHours } from './machine-hours.ts';
import { addMarket, emptyMarketSum, type MarketSum, type MatchedAt, type MatchedHour, matchHours } from './matching.ts';
import { emissions } from './pricing.ts';

const DAY_MS = 24 * HOUR_MS;

/** Where energy and its prices come from. */
export interface ActivitySource {
  readonly store: Pick<PowerReader, 'hourly'> & IntensityReader;
  /** The grid zone of a node; undefined where it is not known. */
  readonly zoneOfNode: (node: string) => Zone | undefined;
  /** Price of a kilowatt-hour by zone; absent: none is known. */
  readonly prices?: ReadonlyMap<Zone, number> | undefined;
  /** Certificates and PPAs; absent: none, and no market-based figures. */
  readonly contracts?: Contracts | undefined;
  /** Buildings and the making of machines; absent: nothing is known of them. */
  readonly facility?: Facility | undefined;
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
  /** What contracts match of the zone's electricity in the hour; undefined without contracts, and where the zone is not known. */
  readonly matched: MatchedHour | undefined;
  /** The building and the machine of the node; undefined where nothing is known of any. */
  readonly machine: MachineHour | undefined;
}

/** Energy and emissions of one container in one hour or day; null where nothing is known. */
export interface Activity {
  readonly container: Container;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly joules: Joules;
  /** What of the energy was used on GPUs; null where none is known. */
  readonly gpuJoules: Joules | null;
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
  /** Market-based figures; null without contracts. */
  readonly market: MarketSum | null;
  /** Energy of the building for it, by the PUE of the node; null without one. */
  readonly facilityJoules: Joules | null;
  /** Share of the making of the node's machine, hour by hour by the energy used there; null where it is not known. */
  readonly embodiedGrams: Grams | null;
}

/**
 * Activity by container and hour of a range of whole hours, one UTC day at a time, which bounds the memory. Location-based
 * intensities: those of the zone, else the yearly average of its country. Contracts are matched with what all namespaces used,
 * and the making of machines is shared among all.
 */
export async function* activityHours(
  source: ActivitySource,
  { range, namespace }: { readonly range: TimeRange; readonly namespace?: string | undefined },
): AsyncIterable<readonly ActivityHour[]> {
  const { store, contracts, facility } = source;
  for (const day of daysOf(range)) {
    const energies = await energiesOf(source, isShared(source) ? undefined : namespace, day);
    const at: LookUps = {
      price: await pricesOf(store, energies, day),
      matched: contracts && matchHours(contracts, energies),
      machine: facility && machineHours(facility, energies),
    };
    const wanted = energies.filter(({ container }) => namespace === undefined || container.namespace === namespace);
    if (wanted.length > 0) yield wanted.map((energy) => withPrices(energy, at));
  }
}

/** Whether figures of a namespace depend on what others used. */
function isShared({ contracts, facility }: ActivitySource): boolean {
  return contracts !== undefined || facility?.knowsEmbodied() === true;
}

type Energy = Omit<ActivityHour, 'price' | 'matched' | 'machine'>;
type PriceAt = (zone: Zone, hour: EpochMs) => HourPrice | undefined;

interface LookUps {
  readonly price: PriceAt;
  readonly matched: MatchedAt | undefined;
  readonly machine: MachineAt | undefined;
}

async function energiesOf(
  { store, zoneOfNode }: ActivitySource,
  namespace: string | undefined,
  day: TimeRange,
): Promise<readonly Energy[]> {
  const zones = new Map<string, Zone | null>();
  const energies: Energy[] = [];
  for await (const energy of store.hourly({ namespace }, day)) {
    const { node } = energy.container;
    let zone = zones.get(node);
    if (zone === undefined) {
      zone = (node === '' ? undefined : zoneOfNode(node)) ?? null;
      zones.set(node, zone);
    }
    energies.push({ ...energy, zone });
  }
  return energies;
}

async function pricesOf(store: IntensityReader, energies: readonly Energy[], day: TimeRange): Promise<PriceAt> {
  const zones = [...new Set(energies.map(({ zone }) => zone))].filter((zone) => zone !== null).sort();
  const countries = await countryIntensities(store, zones.map(ownCode), day);
  const known = new Map(countries.map((country, at) => [zones[at], country]));
  return (zone, hour) => known.get(zone)?.at(hour);
}

function withPrices(energy: Energy, at: LookUps): ActivityHour {
  const { zone, hour, container } = energy;
  const machine = at.machine?.(container.node, zone, hour);
  if (zone === null) return { ...energy, machine, price: undefined, matched: undefined };
  return { ...energy, machine, price: at.price(zone, hour), matched: at.matched?.(zone, hour) };
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
      const byContainer = Map.groupBy(within, ({ container }) => keyOf(container));
      yield [...byContainer.values()].map((of) => summed(of, span, source)).sort(byNames);
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
  { prices, contracts }: ActivitySource,
): Activity {
  const sum = { joules: 0, priced: 0, grams: 0 };
  // All are of one node, of which both are known at all hours or at none.
  const made = { facilityJoules: null as Joules | null, embodiedGrams: null as Grams | null };
  // Of a container that uses GPUs both kinds of energy are known for the same time.
  const coveredMs = { cpu: 0, gpu: 0 };
  let gpuJoules: number | null = null;
  let worst: Quality | null = null;
  const providers = new Set<string>();
  const [first] = hours as readonly [ActivityHour, ...ActivityHour[]];
  for (const { container, joules, coveredMs: ms, price, machine } of hours) {
    sum.joules += joules;
    made.facilityJoules = added(made.facilityJoules, facilityJoulesOf(joules, machine));
    made.embodiedGrams = added(made.embodiedGrams, embodiedShareOf(joules, machine));
    coveredMs[container.device ?? 'cpu'] += ms;
    if (container.device === 'gpu') gpuJoules = (gpuJoules ?? 0) + joules;
    if (price === undefined) continue;
    sum.priced += joules;
    sum.grams += emissions(joules, price.carbonIntensity);
    worst = worse(worst, price.quality);
    for (const provider of price.providers) providers.add(provider);
  }
  const price = first.zone === null ? undefined : prices?.get(first.zone);
  return {
    container: (hours.find(({ container }) => container.device === undefined) ?? first).container,
    ...{ from, to, zone: first.zone },
    joules: sum.joules as Joules,
    gpuJoules: gpuJoules as Joules | null,
    coveredMs: Math.max(coveredMs.cpu, coveredMs.gpu),
    pricedJoules: sum.priced as Joules,
    grams: worst === null ? null : (sum.grams as Grams),
    quality: worst,
    providers: [...providers].sort(),
    cost: price === undefined ? null : (sum.joules / JOULES_PER_KWH) * price,
    market: contracts === undefined ? null : marketOf(hours),
    ...made,
  };
}

function added<Quantity extends number>(sum: Quantity | null, more: number | undefined): Quantity | null {
  return more === undefined ? sum : (((sum ?? 0) + more) as Quantity);
}

/** Market-based emissions of hours. */
export function marketOf(hours: Iterable<ActivityHour>): MarketSum {
  const sum = emptyMarketSum();
  for (const { joules, matched, price } of hours) addMarket(sum, joules, matched, price?.carbonIntensity);
  return sum;
}

function keyOf({ namespace, pod, container, node }: Container): string {
  return `${namespace}/${pod}/${container}/${node}`;
}

function worse(one: Quality | null, other: Quality): Quality {
  return one === null ? other : (worstQuality([one, other]) ?? other);
}

function byNames({ container: a }: Activity, { container: b }: Activity): number {
  for (const field of ['namespace', 'pod', 'container', 'node'] as const)
    if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  return 0;
}
