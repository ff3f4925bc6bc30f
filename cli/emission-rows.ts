import { z } from 'zod';
import { type ActivitySource, activityHours } from '../shared/emissions/activity.ts';
import { addMarket, emptyMarketSum, type MarketSum, marketFigures } from '../shared/emissions/matching.ts';
import { emissions } from '../shared/emissions/pricing.ts';
import {
  addDifferences,
  type Differences,
  differenceFields,
  noDifferences,
  UNKNOWN_WHAT_IF,
  type WhatIf,
  whatIfs,
} from '../shared/emissions/what-if.ts';
import { JOULES_PER_KWH, type Joules } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { Container, TimeRange } from '../shared/records/power.ts';
import { workloadName } from '../shared/records/workload-name.ts';
import type { ApiClient } from './api-client.ts';

/** What emissions can be grouped by. */
export const EMISSION_GROUPS = ['namespace', 'workload', 'pod', 'container', 'node'] as const;

/** One of {@link EMISSION_GROUPS}. */
export type EmissionGroup = (typeof EMISSION_GROUPS)[number];

/** Energy and emissions of one group; null where nothing is known. */
export interface EmissionRow {
  readonly name: string;
  readonly kwh: number | null;
  /** What of the energy was used on GPUs. */
  readonly gpu_joules: number | null;
  /** gCO2eq of the energy whose hours have a known intensity. */
  readonly grams: number | null;
  readonly intensity_g_per_kwh: number | null;
  /** Energy without a known intensity: not in `grams`. */
  readonly unpriced_kwh: number | null;
  /** Market-based gCO2eq; absent without contracts. */
  readonly market_grams?: number | null | undefined;
  /** Energy without a known factor: not in `market_grams`. */
  readonly market_unknown_kwh?: number | undefined;
  /** Energy that contracts match hour by hour. */
  readonly matched_kwh?: number | undefined;
  /** Share (0 to 1) that contracts match. */
  readonly matched_share?: number | null | undefined;
  /** How the rest is priced: residual-mix, location-based or both. */
  readonly market_basis?: string | undefined;
  /** With another zone: grams there minus grams in the zones of the nodes, by average intensities; negative: less. */
  readonly difference_grams?: number | null | undefined;
  readonly difference_kwh?: number | undefined;
  /** The same with marginal intensities, where they are known. */
  readonly marginal_difference_grams?: number | null | undefined;
  readonly marginal_difference_kwh?: number | undefined;
}

/** Which emissions to read. */
export interface EmissionsRead {
  readonly by: EmissionGroup;
  readonly window: string;
  readonly range: TimeRange;
  /** Price everything with this zone instead of the zone of each node. */
  readonly zone: Zone | undefined;
  readonly namespace: string | undefined;
}

const quantity = z.number().nullable();
const response = z.object({
  data: z.array(
    z.record(
      z.string(),
      z.object({
        name: z.string(),
        kwh: quantity,
        gpu_joules: quantity,
        grams: quantity,
        intensity_g_per_kwh: quantity,
        unpriced_kwh: quantity,
        market_grams: quantity.optional(),
        market_unknown_kwh: z.number().optional(),
        matched_kwh: z.number().optional(),
        matched_share: quantity.optional(),
        market_basis: z
          .array(z.string())
          .transform((bases) => bases.join(' + '))
          .optional(),
        difference_grams: quantity.optional(),
        difference_kwh: z.number().optional(),
        marginal_difference_grams: quantity.optional(),
        marginal_difference_kwh: z.number().optional(),
      }),
    ),
  ),
});

/** Rows from a running API, which knows the zones of its nodes. */
export async function rowsFromApi(api: ApiClient, read: EmissionsRead): Promise<EmissionRow[]> {
  const query = new URLSearchParams({ window: read.window, aggregate: read.by, accumulate: 'true' });
  if (read.zone !== undefined) query.set('zone', read.zone);
  if (read.namespace !== undefined) query.set('namespace', read.namespace);
  const { data } = await api.get(`/api/emissions?${query}`, response);
  return Object.values(data[0] ?? {});
}

/** Rows from a store, as the API makes them: hourly energy times the average intensity of that hour in the zone of the node. */
export async function rowsFromStore(source: ActivitySource, read: EmissionsRead): Promise<EmissionRow[]> {
  const { by, range, namespace, zone } = read;
  // With another zone for all there is nothing that contracts could be for.
  const priced = zone === undefined ? source : { ...source, zoneOfNode: () => zone, contracts: undefined };
  const sums = new Map<string, RowSum>();
  const whatIfOf = zone === undefined ? undefined : whatIfByNode(source, zone, range);
  for await (const hours of activityHours(priced, { range, namespace }))
    for (const hour of hours) {
      const name = nameOf(hour.container, by);
      const sum = sums.get(name) ?? {
        joules: 0,
        gpuJoules: undefined,
        pricedJoules: 0,
        grams: 0,
        market: emptyMarketSum(),
        differences: zone && noDifferences(),
      };
      sums.set(name, sum);
      sum.joules += hour.joules;
      if (hour.container.device === 'gpu') sum.gpuJoules = (sum.gpuJoules ?? 0) + hour.joules;
      addMarket(sum.market, hour.joules, hour.matched, hour.price?.carbonIntensity);
      if (sum.differences && whatIfOf)
        addDifferences(sum.differences, hour.joules, hour.hour, await whatIfOf(hour.container.node));
      if (hour.price === undefined) continue;
      sum.pricedJoules += hour.joules;
      sum.grams += emissions(hour.joules, hour.price.carbonIntensity);
    }
  return [...sums].map(([name, sum]) => rowOf(name, sum, priced.contracts !== undefined));
}

interface RowSum {
  joules: number;
  /** Undefined where none is known. */
  gpuJoules: number | undefined;
  pricedJoules: number;
  grams: number;
  readonly market: MarketSum;
  /** Undefined without another zone. */
  readonly differences: Differences | undefined;
}

/** What another zone makes different from that of each node. */
function whatIfByNode({ store, zoneOfNode }: ActivitySource, other: Zone, range: TimeRange) {
  const known = new Map<string, WhatIf>();
  return async (node: string): Promise<WhatIf> => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const own = node === '' ? undefined : zoneOfNode(node);
    const whatIf = own && (await whatIfs(store, other, [own], range)).get(own);
    known.set(node, whatIf ?? UNKNOWN_WHAT_IF);
    return whatIf ?? UNKNOWN_WHAT_IF;
  };
}

function rowOf(name: string, sum: RowSum, hasContracts: boolean): EmissionRow {
  const { joules, gpuJoules, pricedJoules, grams, market, differences } = sum;
  const { grams: marketGrams, matchedKwh, share, unknownKwh, bases } = marketFigures(market, joules);
  return {
    name,
    kwh: kwhOf(joules),
    gpu_joules: gpuJoules ?? null,
    grams: pricedJoules > 0 ? grams : null,
    intensity_g_per_kwh: pricedJoules > 0 ? grams / kwhOf(pricedJoules) : null,
    unpriced_kwh: kwhOf(joules - pricedJoules),
    ...(hasContracts && {
      market_grams: marketGrams,
      market_unknown_kwh: unknownKwh,
      matched_kwh: matchedKwh,
      matched_share: share,
      market_basis: bases.join(' + '),
    }),
    ...(differences !== undefined && differenceFields(differences)),
  };
}

function nameOf({ namespace, pod, container, node }: Container, by: EmissionGroup): string {
  switch (by) {
    case 'namespace':
      return namespace;
    case 'workload':
      return `${namespace}/${workloadName(pod)}`;
    case 'pod':
      return `${namespace}/${pod}`;
    case 'container':
      return `${namespace}/${pod}/${container}`;
    case 'node':
      return node || '__unallocated__';
    default:
      return by satisfies never;
  }
}

function kwhOf(joules: number): number {
  return (joules as Joules) / JOULES_PER_KWH;
}
