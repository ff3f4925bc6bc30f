import type { HourlyIntensity, Quality, Signal } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import { yearlyIntensity } from '../grid/yearly-intensity.ts';
import type { Zone } from '../grid/zones.ts';
import type { TimeRange } from '../records/power.ts';

/** One source's part in an intensity: its provider, quality, and share of the use, 0..1. */
export interface IntensityPart {
  readonly source: string;
  readonly quality: Quality | 'given';
  readonly share: number;
}

/** How hours were weighed: by recorded use, evenly over the period, or not at all because one figure is used for all hours. */
export type Weighting = 'hours of use' | 'even over the period' | 'one figure';

/** The grid intensity that a calculation used: its figures in gCO2/kWh with source, quality and coverage. */
export interface IntensityUsed {
  readonly avg_gCO2_per_kWh: number;
  readonly min_gCO2_per_kWh: number;
  readonly max_gCO2_per_kWh: number;
  readonly source: string;
  /** One quality, or several with ` + ` between them, best first. */
  readonly quality: string;
  readonly signal: Signal;
  readonly weighting: Weighting;
  /** Part of the use for which the intensity is known, 0..1. */
  readonly coverage: number;
  readonly parts: readonly IntensityPart[];
}

/** Use of one hour, in requests, joules or any other unit that is the same for all hours. */
export interface HourlyUse {
  /** Start of the hour. */
  readonly hour: EpochMs;
  readonly amount: number;
}

/** Mean of the known hours weighted by use, or by how long each lies in the period; undefined when no used hour is known. */
export function weighIntensity(
  history: readonly HourlyIntensity[],
  period: TimeRange,
  use?: readonly HourlyUse[],
): IntensityUsed | undefined {
  const weights = use ? weightsOfUse(use, period) : evenWeights(period);
  const inPeriod = history.filter(({ hour }) => weights.of(hour) > 0);
  // Average and marginal are different quantities: the average one is the accounting figure and is used alone.
  const signal: Signal = inPeriod.some((hour) => hour.signal === 'average') ? 'average' : 'marginal';
  const known = inPeriod.filter((hour) => hour.signal === signal);
  let weight = 0;
  let weighted = 0;
  for (const { hour, carbonIntensity } of known) {
    const share = weights.of(hour);
    weight += share;
    weighted += share * carbonIntensity;
  }
  if (weight === 0) return undefined;
  const values = known.map(({ carbonIntensity }) => carbonIntensity as number);
  const parts = partsOf(known, weights, weight);
  return {
    avg_gCO2_per_kWh: weighted / weight,
    min_gCO2_per_kWh: values.reduce((a, b) => Math.min(a, b)),
    max_gCO2_per_kWh: values.reduce((a, b) => Math.max(a, b)),
    source: [...new Set(parts.map(({ source }) => source))].join(' + '),
    quality: [...new Set(parts.map(({ quality }) => quality))].join(' + '),
    signal,
    weighting: use ? 'hours of use' : 'even over the period',
    coverage: Math.min(1, weight / weights.total),
    parts,
  };
}

/** One figure for the whole use, from the user. */
export function givenIntensity(gramsPerKwh: number, source: string): IntensityUsed {
  return oneFigure(gramsPerKwh, source, 'given');
}

/** What the yearly table calls its sources, in full. */
const YEARLY_SOURCES: ReadonlyMap<string, string> = new Map([
  ['em', 'electricity-maps'],
  ['ember', 'ember'],
  ['owid', 'our-world-in-data'],
]);

/** The yearly average of a zone, labelled as such with year and source; undefined when the table has none. */
export function yearlyIntensityUsed(zone: Zone): IntensityUsed | undefined {
  const yearly = yearlyIntensity(zone);
  if (yearly === undefined) return undefined;
  const of = yearly.of === zone ? '' : ` of ${yearly.of}`;
  return oneFigure(
    yearly.gramsPerKwh,
    `${YEARLY_SOURCES.get(yearly.source) ?? yearly.source} ${yearly.year}${of}`,
    'yearly-average',
  );
}

function oneFigure(value: number, source: string, quality: Quality | 'given'): IntensityUsed {
  return {
    avg_gCO2_per_kWh: value,
    min_gCO2_per_kWh: value,
    max_gCO2_per_kWh: value,
    source,
    quality,
    signal: 'average',
    weighting: 'one figure',
    coverage: 1,
    parts: [{ source, quality, share: 1 }],
  };
}

/** How much each hour counts, in any unit that is the same for all, and the sum of all hours of the period. */
interface HourWeights {
  readonly of: (hour: EpochMs) => number;
  readonly total: number;
}

function weightsOfUse(use: readonly HourlyUse[], { from, to }: TimeRange): HourWeights {
  const weights = new Map<EpochMs, number>();
  for (const { hour: time, amount } of use) {
    const hour = hourOf(time);
    if (hour + HOUR_MS > from && hour < to) weights.set(hour, (weights.get(hour) ?? 0) + amount);
  }
  const total = [...weights.values()].reduce((a, b) => a + b, 0);
  return { of: (hour) => weights.get(hour) ?? 0, total };
}

/** Computed hour by hour, not listed: a period may be thousands of years long. */
function evenWeights({ from, to }: TimeRange): HourWeights {
  const of = (hour: EpochMs) => Math.max(0, Math.min(to, hour + HOUR_MS) - Math.max(from, hour));
  return { of, total: to - from };
}

function partsOf(known: readonly HourlyIntensity[], weights: HourWeights, total: number): IntensityPart[] {
  const groups = Map.groupBy(known, ({ provider, quality }) => `${provider} ${quality}`);
  const parts: IntensityPart[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    let weight = 0;
    for (const { hour } of group) weight += weights.of(hour);
    if (first) parts.push({ source: first.provider, quality: first.quality, share: weight / total });
  }
  return parts.sort((a, b) => b.share - a.share || (a.source < b.source ? -1 : 1));
}
