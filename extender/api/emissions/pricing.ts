import { type CountryIntensity, countryIntensities, ownCode } from '../../../shared/emissions/country-intensity.ts';
import { UNKNOWN_WHAT_IF, whatIfs } from '../../../shared/emissions/what-if.ts';
import type { EpochMs } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { Facility } from '../../../shared/records/facility.ts';
import type { TimeRange } from '../../../shared/records/power.ts';
import type { ApiDependencies } from '../route.ts';
import { matchedWithin } from './market.ts';
import type { Pricing } from './priced.ts';

/** Prices energy by node: with one zone for all where it is given, else with the zone of each node, never with a guess. */
export async function pricingByNode(
  deps: Pick<ApiDependencies, 'store' | 'zoneOfNode' | 'prices' | 'contracts'> & {
    readonly facility: Facility | undefined;
  },
  nodes: Iterable<string>,
  range: TimeRange,
  whatIf: Zone | undefined,
): Promise<{ of: (node: string) => Pricing; intensities: readonly CountryIntensity[] }> {
  const { store, zoneOfNode, prices } = deps;
  // With another zone for all there is nothing that contracts could be for.
  const matchedAt = whatIf === undefined ? await matchedWithin(deps, range) : undefined;
  const zones = new Map<string, Zone | undefined>();
  for (const node of nodes) zones.set(node, whatIf ?? (node === '' ? undefined : zoneOfNode(node)));
  const codes = new Set([...zones.values()].filter((zone) => zone !== undefined));
  const intensities = await countryIntensities(store, [...codes].sort().map(ownCode), range);
  const byCode = new Map<string, CountryIntensity>(intensities.map((intensity) => [intensity.code, intensity]));
  const own = new Map([...zones.keys()].map((node) => [node, node === '' ? undefined : zoneOfNode(node)]));
  const differences =
    whatIf &&
    (await whatIfs(
      store,
      whatIf,
      [...own.values()].filter((zone) => zone !== undefined),
      range,
    ));
  // One function for each zone: what is priced alike has the same one.
  const matchedIn = new Map(
    [...new Set(zones.values())].map((zone) => [zone, (hour: EpochMs) => zone && matchedAt?.(zone, hour)]),
  );
  const pricings = new Map<string, Pricing>();
  for (const [node, zone] of zones)
    pricings.set(node, {
      ...pricingOf(node, zone, zone && byCode.get(zone)),
      pricePerKwh: zone && prices?.get(zone),
      pue: deps.facility?.pueOf(node, own.get(node))?.value,
      whatIf: differences && (differences.get(own.get(node) as Zone) ?? UNKNOWN_WHAT_IF),
      matchedAt: matchedAt && matchedIn.get(zone),
    });
  return { of: (node) => pricings.get(node) ?? pricingOf(node, undefined, undefined), intensities };
}

function pricingOf(node: string, zone: Zone | undefined, intensity: CountryIntensity | undefined): Pricing {
  if (zone !== undefined) return { zone, intensity, reason: undefined };
  const reason = node === '' ? 'the exporter does not name the node' : `the zone of node ${node} is not known`;
  return { zone: null, intensity: undefined, reason };
}
