import {
  MARKET_PARTS,
  type MarketPart,
  type MarketSum,
  type MatchedAt,
  marketFigures,
  marketRates,
  matchHours,
} from '../../../shared/emissions/matching.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { Container, HourPrices, TimeRange } from '../../../shared/records/power.ts';
import type { ApiDependencies } from '../route.ts';
import type { Pricing } from './priced.ts';

/**
 * What contracts match in a window, by zone and hour: of the electricity of everything that is recorded, whatever the rows
 * are of. Undefined without contracts.
 */
export async function matchedWithin(
  { store, zoneOfNode, contracts }: Pick<ApiDependencies, 'store' | 'zoneOfNode' | 'contracts'>,
  { from, to }: TimeRange,
): Promise<MatchedAt | undefined> {
  if (contracts === undefined) return undefined;
  return matchHours(
    contracts,
    await energyByZone({ store, zoneOfNode }, { from: hourOf(from), to: hourOf(to - 1) + HOUR_MS }),
  );
}

/** All energy of whole hours, by zone and hour; several entries of both add up. */
async function energyByZone(
  { store, zoneOfNode }: Pick<ApiDependencies, 'store' | 'zoneOfNode'>,
  hours: TimeRange,
): Promise<{ zone: Zone | null; hour: EpochMs; joules: number }[]> {
  if (store.hourTotals === undefined) {
    const energy = [];
    for await (const { container, hour, joules } of store.hourly({}, hours))
      energy.push({ zone: zoneOfNode(container.node) ?? null, hour, joules });
    return energy;
  }
  const zones: Zone[] = [];
  const members = (await store.containers()).flatMap(({ container }): [Container, number][] => {
    const zone = zoneOfNode(container.node);
    if (zone === undefined) return [];
    const known = zones.indexOf(zone);
    return [[container, known < 0 ? zones.push(zone) - 1 : known]];
  });
  const totals = await store.hourTotals(members, hours);
  return totals.map(({ classAt, hour, millijoules }) => ({
    zone: zones[classAt] ?? null,
    hour,
    joules: millijoules / 1000,
  }));
}

/**
 * What market-based figures are made of, as prices for each zone: a part without any in the hours of some pieces of time is
 * absent, so that nothing is added up for it.
 */
export function marketPrices(
  pieces: readonly TimeRange[],
): (pricing: Pricing) => Partial<Record<MarketPart, HourPrices>> {
  const hours = pieces.flatMap(({ from, to }) =>
    Array.from({ length: (to - from) / HOUR_MS }, (_, at) => from + at * HOUR_MS),
  );
  const known = new Map<Pricing['matchedAt'], Partial<Record<MarketPart, HourPrices>>>([[undefined, {}]]);
  return ({ matchedAt, intensity }) => {
    let prices = known.get(matchedAt);
    if (prices === undefined) {
      const rates = new Map(
        hours.map((hour) => [hour, marketRates(matchedAt?.(hour), intensity?.at(hour)?.carbonIntensity)]),
      );
      prices = Object.fromEntries(
        MARKET_PARTS.filter((part) => rates.values().some((rate) => rate[part] !== undefined)).map((part) => [
          part,
          priceFrom((hour) => rates.get(hour)?.[part]),
        ]),
      );
      known.set(matchedAt, prices);
    }
    return prices;
  };
}

/** Rates in the shape of prices; there is no quality to them. */
function priceFrom(rateAt: (hour: EpochMs) => number | undefined): HourPrices {
  return (hour) => {
    const rate = rateAt(hour);
    return rate === undefined ? undefined : { carbonIntensity: gramsPerKwh(rate), quality: 'measured' };
  };
}

/** The fields of a row that contracts add, from a sum over some joules. */
export function marketFields(sum: MarketSum, joules: number) {
  const { grams, unknownKwh, matchedKwh, share, bases } = marketFigures(sum, joules);
  return {
    market_grams: grams,
    market_unknown_kwh: unknownKwh,
    matched_kwh: matchedKwh,
    matched_share: share,
    market_basis: bases,
  };
}
