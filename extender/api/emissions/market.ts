import { type MarketSum, type MatchedAt, marketFigures, matchHours } from '../../../shared/emissions/matching.ts';
import { HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import type { TimeRange } from '../../../shared/records/power.ts';
import type { ApiDependencies } from '../route.ts';

/**
 * What contracts match in a window, by zone and hour: of the electricity of everything that is recorded, whatever the rows
 * are of. Undefined without contracts.
 */
export async function matchedWithin(
  { store, zoneOfNode, contracts }: Pick<ApiDependencies, 'store' | 'zoneOfNode' | 'contracts'>,
  { from, to }: TimeRange,
): Promise<MatchedAt | undefined> {
  if (contracts === undefined) return undefined;
  const energy = [];
  for await (const { container, hour, joules } of store.hourly(
    {},
    { from: hourOf(from), to: hourOf(to - 1) + HOUR_MS },
  ))
    energy.push({ zone: zoneOfNode(container.node) ?? null, hour, joules });
  return matchHours(contracts, energy);
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
