import { type EpochMs, type GramsPerKwh, gramsPerKwh, hourOf, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { type Contracts, contractedKwh, type EnergyContract } from './contracts.ts';
import { emissionsOfKwh } from './pricing.ts';

/** How the part that no contract matches is priced. */
export type RestBasis = 'residual-mix' | 'location-based';

/** What contracts match of the electricity that a zone's nodes used in one hour. */
export interface MatchedHour {
  /** Share (0 to 1) of the electricity that contracts match: the hourly CFE score of the contracts. */
  readonly share: number;
  /** Mean factor of the contracts that matched; 0 where none did. */
  readonly gramsPerKwh: GramsPerKwh;
  /** Factor of the rest where a residual mix is known for the hour; else the location-based intensity is used. */
  readonly residual: GramsPerKwh | undefined;
  /** What each contract matched, in kWh: never more than it delivers. */
  readonly byContract: readonly { readonly name: string; readonly kwh: number }[];
}

/** Market-based emissions of energy, added up. */
export interface MarketSum {
  /** gCO2eq of the part whose factor is known. */
  grams: number;
  matchedJoules: number;
  /** Energy of the rest for which neither a residual mix nor an intensity is known. */
  unknownJoules: number;
  /** How the rest was priced. */
  readonly bases: Set<RestBasis>;
}

/**
 * Matches the electricity of one zone and hour with the contracts for that zone in that hour: never more than was used, nor
 * more than is delivered. Where they deliver more, each gives the same share of what it delivers: none is preferred.
 */
export function matchHour(contracts: Contracts, zone: Zone, hour: EpochMs, used: Joules): MatchedHour {
  const delivered = contracts.contracts
    .filter((contract) => contract.zone === zone)
    .map((contract) => ({ contract, kwh: contractedKwh(contract, hour) }))
    .filter(({ kwh }) => kwh > 0);
  const residual = contracts.residualMixes.find((mix) => mix.zone === zone && mix.from <= hour && hour < mix.to);
  const total = delivered.reduce((sum, { kwh }) => sum + kwh, 0);
  const usedKwh = used / JOULES_PER_KWH;
  const part = total > usedKwh ? usedKwh / total : 1;
  const matched = delivered.map(({ contract, kwh }) => ({ contract, kwh: kwh * part }));
  const matchedKwh = Math.min(usedKwh, total);
  return {
    share: usedKwh > 0 ? Math.min(1, matchedKwh / usedKwh) : 0,
    gramsPerKwh: meanFactor(matched),
    residual: residual?.gramsPerKwh,
    byContract: matched.map(({ contract, kwh }) => ({ name: contract.name, kwh })),
  };
}

const NOTHING_MATCHED = { share: 0, gramsPerKwh: gramsPerKwh(0), residual: undefined };

/** Nothing added up yet. */
export function emptyMarketSum(): MarketSum {
  return { grams: 0, matchedJoules: 0, unknownJoules: 0, bases: new Set() };
}

/**
 * What market-based figures are made of: the matched share and its grams, the rest by how it is priced, and the rest for
 * which no factor is known.
 */
export const MARKET_PARTS = ['matched', 'matched-grams', 'residual-mix', 'location-based', 'unknown'] as const;
/** One of {@link MARKET_PARTS}. */
export type MarketPart = (typeof MARKET_PARTS)[number];

/**
 * What each unit of energy of a zone and hour gives of each part of what {@link addMarket} adds: a share (0 to 1) of `matched`
 * and `unknown`, gCO2eq/kWh of the others; absent where it gives nothing.
 */
export function marketRates(
  hour: MatchedHour | undefined,
  intensity: GramsPerKwh | undefined,
): Partial<Record<MarketPart, number>> {
  const { share, gramsPerKwh: factor, residual } = hour ?? NOTHING_MATCHED;
  const rest = 1 - share;
  const rate = residual ?? intensity;
  const basis = residual === undefined ? 'location-based' : 'residual-mix';
  return {
    ...(share > 0 && { matched: share }),
    ...(share * factor > 0 && { 'matched-grams': share * factor }),
    ...(rest > 0 && (rate === undefined ? { unknown: rest } : { [basis]: rest * rate })),
  };
}

/** Adds energy of a zone and hour: all that used it has the same share of the contracts; none where the zone is not known. */
export function addMarket(
  sum: MarketSum,
  used: Joules,
  hour: MatchedHour | undefined,
  intensity: GramsPerKwh | undefined,
): void {
  const { share, gramsPerKwh: factor, residual } = hour ?? NOTHING_MATCHED;
  const matched = used * share;
  const rest = used - matched;
  sum.matchedJoules += matched;
  sum.grams += emissionsOfKwh(matched / JOULES_PER_KWH, factor);
  if (rest <= 0) return;
  const rate = residual ?? intensity;
  if (rate === undefined) {
    sum.unknownJoules += rest;
    return;
  }
  sum.bases.add(residual === undefined ? 'location-based' : 'residual-mix');
  sum.grams += emissionsOfKwh(rest / JOULES_PER_KWH, rate);
}

/** Adds a part of market-based figures: joules times its rate. */
export function addMarketPart(sum: MarketSum, part: MarketPart, weightedJoules: number): void {
  if (part === 'matched') sum.matchedJoules += weightedJoules;
  else if (part === 'unknown') sum.unknownJoules += weightedJoules;
  else sum.grams += emissionsOfKwh(weightedJoules / JOULES_PER_KWH, gramsPerKwh(1));
  if (part === 'residual-mix' || part === 'location-based') sum.bases.add(part);
}

/** Grams of market-based emissions, and what they rest on; null where nothing is known. */
export function marketFigures(
  { grams, matchedJoules, unknownJoules, bases }: MarketSum,
  used: number,
): {
  readonly grams: number | null;
  readonly matchedKwh: number;
  /** Share (0 to 1) that contracts match; null of no energy. */
  readonly share: number | null;
  readonly unknownKwh: number;
  readonly bases: readonly RestBasis[];
} {
  return {
    // Energy and its unknown part may differ in the last digits though all of it is unknown.
    grams: matchedJoules > 0 || bases.size > 0 ? grams : null,
    matchedKwh: matchedJoules / JOULES_PER_KWH,
    share: used > 0 ? Math.min(1, matchedJoules / used) : null,
    unknownKwh: unknownJoules / JOULES_PER_KWH,
    bases: [...bases].sort(),
  };
}

/** A sum with a part of another; undefined where there is neither. */
export function plusMarket(
  sum: MarketSum | undefined,
  other: MarketSum | undefined,
  part: number,
): MarketSum | undefined {
  if (other === undefined) return sum;
  const { grams, matchedJoules, unknownJoules, bases } = sum ?? emptyMarketSum();
  return {
    grams: grams + other.grams * part,
    matchedJoules: matchedJoules + other.matchedJoules * part,
    unknownJoules: unknownJoules + other.unknownJoules * part,
    bases: bases.union(other.bases),
  };
}

/** Looks up what contracts match in a zone and hour; energy of no known zone matches nothing. */
export type MatchedAt = (zone: Zone, hour: EpochMs) => MatchedHour;

/** Matches all zones and hours of some energy. */
export function matchHours(
  contracts: Contracts,
  energy: Iterable<{ readonly zone: Zone | null; readonly hour: EpochMs; readonly joules: number }>,
): MatchedAt {
  const used = new Map<string, number>();
  const keyOf = (zone: Zone, hour: EpochMs) => `${zone} ${hourOf(hour)}`;
  for (const { zone, hour, joules } of energy)
    if (zone !== null) used.set(keyOf(zone, hour), (used.get(keyOf(zone, hour)) ?? 0) + joules);
  const known = new Map<string, MatchedHour>();
  return (zone, hour) => {
    const key = keyOf(zone, hour);
    let matched = known.get(key);
    if (matched === undefined) {
      matched = matchHour(contracts, zone, hourOf(hour), (used.get(key) ?? 0) as Joules);
      known.set(key, matched);
    }
    return matched;
  };
}

function meanFactor(matched: readonly { readonly contract: EnergyContract; readonly kwh: number }[]): GramsPerKwh {
  const total = matched.reduce((sum, { kwh }) => sum + kwh, 0);
  if (total === 0) return gramsPerKwh(0);
  return gramsPerKwh(matched.reduce((sum, { contract, kwh }) => sum + kwh * contract.gramsPerKwh, 0) / total);
}
