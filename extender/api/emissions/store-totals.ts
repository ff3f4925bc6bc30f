import { MARKET_PARTS, type MarketPart } from '../../../shared/emissions/matching.ts';
import { emissions } from '../../../shared/emissions/pricing.ts';
import { noDifferences, SIGNALS } from '../../../shared/emissions/what-if.ts';
import type { Signal } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, joules } from '../../../shared/grid/units.ts';
import {
  type Container,
  type ContainerSpan,
  type EnergyTotal,
  type HourPrices,
  IDLE,
  type PowerReader,
  type TimeRange,
} from '../../../shared/records/power.ts';
import { wholeHoursOf } from './energy.ts';
import type { IdleShares } from './idle-shares.ts';
import { marketPrices } from './market.ts';
import type { RowName } from './naming.ts';
import type { NodeUses } from './node-uses.ts';
import type { PricedPart, Pricing } from './priced.ts';
import type { RowSums } from './rows.ts';

/** Classes times pieces that a store adds up at most: with more there is little left to add. */
const MOST_TOTALS = 200_000;
/** Intensity that makes `weightedMillijoules` grams: it has the intensities already. */
const ONE = gramsPerKwh(1);

/** Containers of one row that are priced alike and whose power is known alike. */
interface Group {
  /** Any of them. */
  readonly container: Container;
  /** Undefined for energy that is in no row, and counts only for the shares of idle energy. */
  readonly row: RowName | undefined;
  readonly pricing: Pricing;
}

/** How containers become rows, and the rows. */
export interface Grouping {
  /** The row of a container; undefined: it is in none. */
  readonly rowOf: (container: Container) => RowName | undefined;
  readonly pricingOf: (node: string) => Pricing;
  /** One for each piece of time. */
  readonly sums: readonly RowSums[];
  /** Set where idle energy is shared. */
  readonly shares: IdleShares | undefined;
  /** What rows used of each node; absent where nothing of a node is shared. Otherwise energy is added up by node, too. */
  readonly uses: NodeUses | undefined;
}

/**
 * Lets the store add up the energy of the whole hours of some pieces of time, and adds that to the rows. False where the
 * store does not add up, and where rows and pieces are so many that it would be no less work than reading hours.
 */
export async function addInStore(
  store: PowerReader,
  spans: readonly ContainerSpan[],
  pieces: readonly TimeRange[],
  grouping: Grouping,
): Promise<boolean> {
  if (store.energyTotals === undefined) return false;
  const { groups, members } = groupsOf(spans, grouping);
  if (groups.length * pieces.length > MOST_TOTALS) return false;
  const whole = pieces.map(wholeHoursOf);
  const totalsBy: TotalsBy = async (priceOf, all = false) => {
    const priceOfGroups = groups.map(({ pricing }) => priceOf(pricing));
    const prices = [...new Set(priceOfGroups.filter((price) => price !== undefined))];
    const classes = priceOfGroups.map((price) => (price === undefined ? undefined : prices.indexOf(price)));
    const added = all ? members : members.filter(([, classAt]) => classes[classAt] !== undefined);
    if (added.length === 0) return [];
    const totals = (await store.energyTotals?.({ members: added, classes, prices, pieces: whole })) ?? [];
    return totals.map((total) => [total, groups[total.classAt] as Group]);
  };
  const nodes = new Set(members.map(([{ node }]) => node));
  if (grouping.uses !== undefined)
    for (const { node, pieceAt, coveredMs } of (await store.nodeTimes?.(pieces.map(wholeHoursOf))) ?? [])
      if (nodes.has(node)) grouping.uses.known(pieceAt, node, coveredMs);
  for (const [total, group] of await totalsBy(({ intensity }) => intensity?.at, true)) addTotal(total, group, grouping);
  for (const signal of SIGNALS)
    for (const [total, group] of await totalsBy(({ whatIf }) => whatIf?.[signal]))
      addDifference(total, signal, group, grouping);
  const pricesOf = marketPrices(whole);
  for (const part of MARKET_PARTS)
    for (const [total, group] of await totalsBy((pricing) => pricesOf(pricing)[part]))
      addMarketPart(total, part, group, grouping);
  return true;
}

/** Energy by class and piece, with what a price for each class makes of it; without `all`, only of classes that have one. */
type TotalsBy = (
  priceOf: (pricing: Pricing) => HourPrices | undefined,
  all?: boolean,
) => Promise<(readonly [EnergyTotal, Group])[]>;

/** Energy that is priced with differences: what another zone makes of it. */
function addDifference(
  { weightedMillijoules, pricedMillijoules, pieceAt }: EnergyTotal,
  signal: Signal,
  { container, row, pricing }: Group,
  { sums, shares }: Grouping,
): void {
  if (pricing.whatIf === undefined) return;
  const grams = emissions(joules(weightedMillijoules / 1000), ONE);
  const differences = { ...noDifferences(), [signal]: { grams, joules: pricedMillijoules / 1000 } };
  if (shares !== undefined && container.namespace === IDLE) shares.differences(pieceAt, container.node, differences);
  else if (row !== undefined) sums[pieceAt]?.addDifferences(row, differences);
}

/** Energy that is matched with contracts: a part of its market-based figures. */
function addMarketPart(
  { weightedMillijoules, pricedMillijoules, pieceAt }: EnergyTotal,
  part: MarketPart,
  { container, row }: Group,
  { sums, shares }: Grouping,
): void {
  if (pricedMillijoules === 0) return;
  const weightedJoules = weightedMillijoules / 1000;
  if (shares !== undefined && container.namespace === IDLE)
    shares.marketPart(pieceAt, container.node, part, weightedJoules);
  else if (row !== undefined) sums[pieceAt]?.addMarketPart(row, part, weightedJoules);
}

function groupsOf(spans: readonly ContainerSpan[], { rowOf, pricingOf, uses }: Grouping) {
  const groups: Group[] = [];
  const places = new Map<string, number>();
  const members: [Container, number][] = [];
  for (const { container } of spans) {
    const row = rowOf(container);
    if (row === undefined && uses === undefined) continue;
    const pricing = pricingOf(container.node);
    const key = keyOf(container, row, pricing, uses === undefined ? '' : container.node);
    const place = places.get(key) ?? groups.push({ container, row, pricing }) - 1;
    places.set(key, place);
    members.push([container, place]);
  }
  return { groups, members };
}

function addTotal(total: EnergyTotal, { container, row, pricing }: Group, { sums, shares, uses }: Grouping): void {
  const energy = { container, joules: joules(total.millijoules / 1000), coveredMs: total.coveredMs };
  const priced = pricedPart(total);
  if (shares !== undefined && container.namespace === IDLE) shares.idle(total.pieceAt, energy, pricing, priced);
  else {
    uses?.use(total.pieceAt, row, energy);
    if (row !== undefined) sums[total.pieceAt]?.add(row, energy, pricing, priced);
  }
}

function pricedPart(total: EnergyTotal): PricedPart | undefined {
  if (total.worst === undefined) return undefined;
  return {
    joules: joules(total.pricedMillijoules / 1000),
    grams: emissions(joules(total.weightedMillijoules / 1000), ONE),
    coveredMs: total.pricedMs,
    quality: total.worst,
  };
}

/** What must be alike for energy to be added up: everything about it that a row is made from. */
function keyOf(container: Container, row: RowName | undefined, pricing: Pricing, node: string): string {
  const { powerQuality, powerModel: model, device, namespace } = container;
  const { zone, reason, pricePerKwh, pue } = pricing;
  return [
    ...[row?.name ?? '', row === undefined, namespace === IDLE, node, zone, reason, pricePerKwh, pue],
    ...[device, powerQuality, model?.name, model?.low, model?.high, pricing.whatIf?.from],
  ].join('\0');
}
