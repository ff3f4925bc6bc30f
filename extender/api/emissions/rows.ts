import {
  addMarket,
  addMarketPart,
  emptyMarketSum,
  type MarketPart,
  plusMarket,
} from '../../../shared/emissions/matching.ts';
import {
  addDifferences,
  type Differences,
  differenceFields,
  noDifferences,
  plusDifferences,
} from '../../../shared/emissions/what-if.ts';
import { QUALITIES, type Quality } from '../../../shared/grid/intensity.ts';
import { isoTime, JOULES_PER_KWH } from '../../../shared/grid/units.ts';
import type { Container, ContainerSpan, PowerQuality, TimeRange } from '../../../shared/records/power.ts';
import type { Energy } from './energy.ts';
import { marketFields } from './market.ts';
import type { RowName } from './naming.ts';
import type { PricedPart, Pricing } from './priced.ts';
import type { RowPage, RowTotals } from './row-page.ts';
import { addOnce, both, combined, emptySum, plus, type RowSum, times } from './row-sum.ts';

/** How power is known, best first: a row says the worst of its parts. */
const POWER_QUALITIES: readonly PowerQuality[] = ['measured', 'modelled', 'simulated'];

/** What is shared when energy is: figures, not times. */
const SHARED = ['millijoules', 'lowMillijoules', 'highMillijoules', 'pricedMillijoules', 'grams'] as const;

/** Name of the row that combines all rows outside a page. */
export const OTHER = '__other__';

/** One row of the response, in OpenCost's shape with energy and emissions in the place of costs. */
export type EmissionsRow = ReturnType<typeof rowOf>;

/** Adds energy up to rows of one piece of time. */
export class RowSums {
  readonly #window: TimeRange;
  readonly #sums = new Map<string, RowSum>();

  readonly #embodied: boolean;

  /** `embodied`: the making of machines is known of some nodes. */
  constructor(window: TimeRange, embodied = false) {
    this.#window = window;
    this.#embodied = embodied;
  }

  /** Counts the time that a container existed within the piece, for the coverage. */
  expect(row: RowName, { first, last }: ContainerSpan): void {
    const start = Math.max(first, this.#window.from);
    const end = Math.min(last, this.#window.to);
    if (end <= start) return;
    const sum = this.#sum(row);
    sum.expectedMs += end - start;
    sum.first = Math.min(sum.first, start);
    sum.last = Math.max(sum.last, end);
  }

  /** Adds energy, and the part of it whose intensity is known; undefined: none is. */
  add(row: RowName, piece: Energy, pricing: Pricing, priced: PricedPart | undefined): void {
    const sum = this.#sum(row);
    sum.millijoules += piece.joules * 1000;
    if (piece.container.device === 'gpu') sum.gpuMillijoules = (sum.gpuMillijoules ?? 0) + piece.joules * 1000;
    const { powerModel: model } = piece.container;
    sum.lowMillijoules += piece.joules * 1000 * (model?.low ?? 1);
    sum.highMillijoules += piece.joules * 1000 * (model?.high ?? 1);
    if (model !== undefined) sum.models.add(model.name);
    sum.facilityMillijoules = both(sum.facilityMillijoules, times(piece.joules * 1000, pricing.pue));
    sum.powerMs += piece.coveredMs;
    sum.worstPower = Math.max(sum.worstPower, POWER_QUALITIES.indexOf(piece.container.powerQuality ?? 'measured'));
    if (pricing.pricePerKwh !== undefined)
      sum.cost = (sum.cost ?? 0) + (piece.joules / JOULES_PER_KWH) * pricing.pricePerKwh;
    if (pricing.matchedAt !== undefined) {
      sum.market ??= emptyMarketSum();
      if (piece.hour !== undefined) {
        const location = pricing.intensity?.at(piece.hour)?.carbonIntensity;
        addMarket(sum.market, piece.joules, pricing.matchedAt(piece.hour), location);
      }
    }
    if (pricing.whatIf !== undefined && piece.hour !== undefined) {
      sum.differences ??= noDifferences();
      addDifferences(sum.differences, piece.joules, piece.hour, pricing.whatIf);
    }
    if (priced === undefined || priced.coveredMs < piece.coveredMs)
      addOnce(sum.reasons, pricing.reason ?? `no intensity of ${pricing.zone} is known for some hours`);
    if (priced === undefined) return;
    sum.pricedMillijoules += priced.joules * 1000;
    sum.grams += priced.grams;
    sum.pricedMs += priced.coveredMs;
    sum.worst = Math.max(sum.worst, QUALITIES.indexOf(priced.quality));
    addOnce(sum.zones, pricing.zone ?? '');
  }

  /** Adds differences that were added up elsewhere. */
  addDifferences(row: RowName, differences: Differences): void {
    const sum = this.#sum(row);
    sum.differences = plusDifferences(sum.differences, differences, 1);
  }

  /** Adds a part of market-based figures that was added up elsewhere: joules times its rate. */
  addMarketPart(row: RowName, part: MarketPart, weightedJoules: number): void {
    const sum = this.#sum(row);
    sum.market ??= emptyMarketSum();
    addMarketPart(sum.market, part, weightedJoules);
  }

  /** Adds a share of the making of a machine, in gCO2eq; undefined where it is not known. */
  addEmbodied(row: RowName, grams: number | undefined): void {
    const sum = this.#sum(row);
    sum.embodiedGrams = both(sum.embodiedGrams, grams);
  }

  /** Adds a share of other energy, such as that of an idle node: energy, emissions and cost, but no time of its own. */
  addShare(row: RowName, of: RowSum, share: number): void {
    const sum = this.#sum(row);
    if (sum.first > sum.last) {
      sum.first = this.#window.from;
      sum.last = this.#window.to;
    }
    for (const field of SHARED) sum[field] += of[field] * share;
    sum.cost = plus(sum.cost, of.cost, share);
    sum.gpuMillijoules = plus(sum.gpuMillijoules, of.gpuMillijoules, share);
    sum.facilityMillijoules = both(sum.facilityMillijoules, times(share, of.facilityMillijoules));
    sum.market = plusMarket(sum.market, of.market, share);
    sum.differences = plusDifferences(sum.differences, of.differences, share);
    // Idle energy alone is known for the time that the node was measured.
    if (sum.powerMs === 0) sum.powerMs = of.powerMs;
    if (sum.pricedMs === 0) sum.pricedMs = of.pricedMs;
    sum.worst = Math.max(sum.worst, of.worst);
    sum.worstPower = Math.max(sum.worstPower, of.worstPower);
    for (const zone of of.zones) addOnce(sum.zones, zone);
    for (const reason of of.reasons) addOnce(sum.reasons, reason);
  }

  /** The rows of some names, in their order; with `other`, the remaining ones added up as `__other__`. */
  rows(names: readonly string[], other: boolean, units?: number): Record<string, EmissionsRow> {
    const rows: Record<string, EmissionsRow> = {};
    for (const name of names) {
      const sum = this.#sums.get(name);
      if (sum !== undefined) rows[name] = rowOf(name, sum, this.#window, units);
    }
    if (!other) return rows;
    const selected = new Set(names);
    const rest = [...this.#sums].filter(([name]) => !selected.has(name)).map(([, sum]) => sum);
    if (rest.length > 0) rows[OTHER] = rowOf(OTHER, combined(rest), this.#window, units);
    return rows;
  }

  /** Every row as it is summed, for totals over several pieces. */
  sums(): Iterable<readonly [string, RowSum]> {
    return this.#sums;
  }

  #sum({ name, properties }: RowName): RowSum {
    let sum = this.#sums.get(name);
    if (sum === undefined) {
      sum = emptySum(properties, this.#embodied);
      this.#sums.set(name, sum);
    }
    return sum;
  }
}

/** The row of a container where it is on the page, and that of all others where it is not. */
export function combiningOthers(
  { names }: RowPage,
  nameOf: (container: Container) => RowName,
): (container: Container) => RowName {
  const selected = new Set(names);
  const others: RowName = { name: OTHER, properties: {} };
  return (container) => {
    const row = nameOf(container);
    return selected.has(row.name) ? row : others;
  };
}

/** Totals of every row over all pieces, to order rows by. */
export function rowTotals(pieces: readonly RowSums[]): Map<string, RowTotals> {
  const parts = new Map<string, RowSum[]>();
  for (const piece of pieces)
    for (const [name, sum] of piece.sums()) {
      const known = parts.get(name);
      if (known === undefined) parts.set(name, [sum]);
      else known.push(sum);
    }
  return new Map([...parts].map(([name, sums]) => [name, totalsOf(sums)]));
}

function totalsOf(sums: readonly RowSum[]): RowTotals {
  const add = (field: 'millijoules' | 'pricedMillijoules' | 'grams' | 'powerMs' | 'pricedMs' | 'expectedMs') =>
    sums.reduce((total, sum) => total + sum[field], 0);
  const isPriced = add('pricedMs') > 0;
  const kwh = (millijoules: number) => millijoules / 1000 / JOULES_PER_KWH;
  const pricedKwh = kwh(add('pricedMillijoules'));
  return {
    grams: isPriced ? add('grams') : null,
    kwh: add('powerMs') > 0 ? kwh(add('millijoules')) : null,
    intensity: isPriced && pricedKwh > 0 ? add('grams') / pricedKwh : null,
    coverage: add('expectedMs') > 0 ? Math.min(1, add('pricedMs') / add('expectedMs')) : null,
  };
}

/** (E × I + M) per R of ISO/IEC 21031, with the energy of the building as E; null where a part of it is not known. */
function sciOf(sum: RowSum, units: number): number | null {
  const { facilityMillijoules, embodiedGrams, grams, millijoules, pricedMillijoules } = sum;
  if (facilityMillijoules === undefined || embodiedGrams === undefined || !(pricedMillijoules > 0)) return null;
  if (pricedMillijoules < millijoules) return null;
  return (grams * (facilityMillijoules / millijoules) + embodiedGrams) / units;
}

function rowOf(name: string, sum: RowSum, { from, to }: TimeRange, units?: number) {
  const kwh = (millijoules: number) => millijoules / 1000 / JOULES_PER_KWH;
  const priced = sum.pricedMs > 0;
  const quality: Quality | null = QUALITIES[sum.worst] ?? null;
  const share = (ms: number) => (sum.expectedMs > 0 ? Math.min(1, ms / sum.expectedMs) : 0);
  return {
    name,
    properties: sum.properties,
    window: { start: isoTime(from), end: isoTime(to) },
    start: isoTime(sum.first),
    end: isoTime(sum.last),
    minutes: (sum.last - sum.first) / 60_000,
    kwh: sum.powerMs > 0 ? kwh(sum.millijoules) : null,
    gpu_joules: sum.gpuMillijoules === undefined ? null : sum.gpuMillijoules / 1000,
    facility_kwh: sum.powerMs > 0 && sum.facilityMillijoules !== undefined ? kwh(sum.facilityMillijoules) : null,
    embodied_grams: sum.embodiedGrams ?? null,
    ...(units !== undefined && { sci_g_per_unit: sciOf(sum, units) }),
    /** Energy whose hours have no known intensity: its emissions are not in `grams`. */
    unpriced_kwh: sum.powerMs > 0 ? kwh(sum.millijoules - sum.pricedMillijoules) : null,
    grams: priced ? sum.grams : null,
    ...(sum.cost !== undefined && { totalCost: sum.cost }),
    ...(sum.differences !== undefined && differenceFields(sum.differences)),
    ...(sum.market !== undefined && marketFields(sum.market, sum.millijoules / 1000)),
    intensity_g_per_kwh: priced && sum.pricedMillijoules > 0 ? sum.grams / kwh(sum.pricedMillijoules) : null,
    coverage: share(sum.pricedMs),
    power_coverage: share(sum.powerMs),
    quality,
    power_quality: POWER_QUALITIES[sum.worstPower] ?? null,
    ...(sum.models.size > 0 && {
      power_models: [...sum.models].sort(),
      kwh_low: kwh(sum.lowMillijoules),
      kwh_high: kwh(sum.highMillijoules),
    }),
    zones: sum.zones.toSorted(),
    ...(sum.reasons.length > 0 && { reason: sum.reasons.toSorted().join('; ') }),
  };
}
