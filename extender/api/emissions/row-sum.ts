import { type MarketSum, plusMarket } from '../../../shared/emissions/matching.ts';
import { type Differences, plusDifferences } from '../../../shared/emissions/what-if.ts';
import type { EpochMs } from '../../../shared/grid/units.ts';

/** One row being added up. Energy in millijoules, so that sums of many samples stay exact. */
export interface RowSum {
  readonly properties: Readonly<Record<string, string>>;
  millijoules: number;
  /** Bounds of the energy: those of modelled power, added up as if all were off in the same direction. */
  lowMillijoules: number;
  highMillijoules: number;
  pricedMillijoules: number;
  /** What of the energy was used on GPUs; undefined where none is known. */
  gpuMillijoules: number | undefined;
  /** Energy of the building for it, by PUE; undefined once the PUE of any part is not known. */
  facilityMillijoules: number | undefined;
  /** Share of the making of the machines, in gCO2eq; undefined once it is not known of any part. */
  embodiedGrams: number | undefined;
  grams: number;
  /** Cost of the energy whose price is known; undefined where none is. */
  cost: number | undefined;
  /** Market-based figures; undefined without contracts. */
  market: MarketSum | undefined;
  /** What another zone would make different; undefined where none is asked about. */
  differences: Differences | undefined;
  powerMs: number;
  pricedMs: number;
  expectedMs: number;
  first: EpochMs;
  last: EpochMs;
  worst: number;
  worstPower: number;
  readonly models: Set<string>;
  /** Without repetitions; arrays, since there are rarely more than two, and rows by the hundred thousand. */
  readonly zones: string[];
  readonly reasons: string[];
}

/** A sum of figures that may be unknown: unknown only where all of them are. */
export function plus(sum: number | undefined, more: number | undefined, share = 1): number | undefined {
  return more === undefined ? sum : (sum ?? 0) + more * share;
}

/** A sum of figures that is unknown where any of them is. */
export function both(sum: number | undefined, more: number | undefined): number | undefined {
  return sum === undefined || more === undefined ? undefined : sum + more;
}

/** A product with a figure that may be unknown. */
export function times(one: number, other: number | undefined): number | undefined {
  return other === undefined ? undefined : one * other;
}

/** Adds a text to a list that has none twice. */
export function addOnce(list: string[], text: string): void {
  if (!list.includes(text)) list.push(text);
}

/** A row before anything is added; `embodied` says whether the making of machines is known at all. */
export function emptySum(properties: Readonly<Record<string, string>>, embodied: boolean): RowSum {
  return {
    properties,
    millijoules: 0,
    lowMillijoules: 0,
    highMillijoules: 0,
    pricedMillijoules: 0,
    gpuMillijoules: undefined,
    facilityMillijoules: 0,
    embodiedGrams: embodied ? 0 : undefined,
    grams: 0,
    cost: undefined,
    market: undefined,
    differences: undefined,
    powerMs: 0,
    pricedMs: 0,
    expectedMs: 0,
    first: Infinity,
    last: -Infinity,
    worst: -1,
    worstPower: -1,
    models: new Set(),
    zones: [],
    reasons: [],
  };
}

/** Rows added up as one. */
export function combined(sums: readonly RowSum[]): RowSum {
  const all = emptySum({}, true);
  for (const sum of sums) {
    all.millijoules += sum.millijoules;
    all.lowMillijoules += sum.lowMillijoules;
    all.highMillijoules += sum.highMillijoules;
    all.pricedMillijoules += sum.pricedMillijoules;
    all.grams += sum.grams;
    all.cost = plus(all.cost, sum.cost);
    all.gpuMillijoules = plus(all.gpuMillijoules, sum.gpuMillijoules);
    all.facilityMillijoules = both(all.facilityMillijoules, sum.facilityMillijoules);
    all.embodiedGrams = both(all.embodiedGrams, sum.embodiedGrams);
    all.market = plusMarket(all.market, sum.market, 1);
    all.differences = plusDifferences(all.differences, sum.differences, 1);
    all.powerMs += sum.powerMs;
    all.pricedMs += sum.pricedMs;
    all.expectedMs += sum.expectedMs;
    all.first = Math.min(all.first, sum.first);
    all.last = Math.max(all.last, sum.last);
    all.worst = Math.max(all.worst, sum.worst);
    all.worstPower = Math.max(all.worstPower, sum.worstPower);
    for (const model of sum.models) all.models.add(model);
    for (const zone of sum.zones) addOnce(all.zones, zone);
    for (const reason of sum.reasons) addOnce(all.reasons, reason);
  }
  return all;
}
