import { type EpochMs, HOUR_MS, isoTime } from '../grid/units.ts';
import type { ZoneSource } from '../grid/zone-of-node.ts';
import type { TimeRange } from '../records/power.ts';
import type { BudgetKey, BudgetPeriod, SavedWorkload } from '../records/workloads.ts';
import { attribute } from './attribution.ts';

/** Shares of a budget at which an alert goes out. */
export const ALERT_SHARES = [0.8, 1] as const;

const DAY_MS = 24 * HOUR_MS;

/** What a budget's owner emitted since the period began, as far as it is known. */
export interface Spent {
  /** gCO2e; undefined when nothing is known. */
  readonly grams: number | undefined;
  /** Part of the elapsed time (services) or of the recorded energy (namespaces) that the figure rests on, 0..1. */
  readonly coverage: number;
  /** Sources of the zones of the namespace's nodes; absent for services and where they are unknown. */
  readonly zoneSources?: readonly ZoneSource[] | undefined;
}

/** How far a budget is used. */
export interface BurnDown {
  readonly kind: 'namespace' | 'service';
  readonly name: string;
  readonly per: BudgetPeriod;
  readonly budget_gCO2e: number;
  readonly period_start: string;
  readonly period_end: string;
  /** null when nothing is known; then `state` is `unknown`. */
  readonly used_gCO2e: number | null;
  readonly remaining_gCO2e: number | null;
  /** 1 is all of it. */
  readonly used_share: number | null;
  readonly elapsed_share: number;
  /** Emissions of the whole period at the rate so far; a straight line, not a forecast. */
  readonly projected_gCO2e: number | null;
  readonly coverage: number;
  /** Sources of the zones of the namespace's nodes, such as `node + ZONE_MAP`; null for services, and when unknown. */
  readonly zone_source: string | null;
  readonly state: 'ok' | 'warning' | 'exceeded' | 'unknown';
}

/** The period of a budget that a time lies in: calendar days, ISO weeks, months, quarters or years in UTC. */
export function budgetPeriod(per: BudgetPeriod, now: EpochMs): TimeRange {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (per) {
    case 'day': {
      const from = Math.floor(now / DAY_MS) * DAY_MS;
      return { from, to: from + DAY_MS };
    }
    case 'week': {
      const today = Math.floor(now / DAY_MS) * DAY_MS;
      const from = today - ((date.getUTCDay() + 6) % 7) * DAY_MS;
      return { from, to: from + 7 * DAY_MS };
    }
    case 'month':
      return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
    case 'quarter': {
      const first = month - (month % 3);
      return { from: Date.UTC(year, first), to: Date.UTC(year, first + 3) };
    }
    case 'year':
      return { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0) };
    default:
      return per satisfies never;
  }
}

/** What a service's records say it emitted from the start of a period until now. */
export function spentByService(records: readonly SavedWorkload[], period: TimeRange, now: EpochMs): Spent {
  const elapsed = { from: period.from, to: Math.min(now, period.to) };
  let total = 0;
  let coveredMs = 0;
  let known = false;
  for (const group of Map.groupBy(records, ({ region }) => region).values()) {
    const attribution = attribute(group, elapsed);
    for (const { record, share } of attribution.counted) {
      total += record.total_gCO2e * share;
      known = true;
    }
    coveredMs = Math.max(coveredMs, attribution.coveredMs);
  }
  return { grams: known ? total : undefined, coverage: coveredMs / (elapsed.to - elapsed.from || 1) };
}

/** Compares what was emitted with the budget of the period that `now` lies in. */
export function burnDown(budget: BudgetKey & { readonly grams: number }, spent: Spent, now: EpochMs): BurnDown {
  const period = budgetPeriod(budget.per, now);
  const used = spent.grams;
  const elapsed = (now - period.from) / (period.to - period.from);
  const share = used === undefined ? null : used / budget.grams;
  return {
    kind: budget.kind,
    name: budget.name,
    per: budget.per,
    budget_gCO2e: budget.grams,
    period_start: isoTime(period.from),
    period_end: isoTime(period.to),
    used_gCO2e: used ?? null,
    remaining_gCO2e: used === undefined ? null : budget.grams - used,
    used_share: share,
    elapsed_share: elapsed,
    projected_gCO2e: used === undefined || elapsed === 0 ? null : used / elapsed,
    coverage: spent.coverage,
    zone_source: spent.zoneSources?.length ? spent.zoneSources.join(' + ') : null,
    state:
      share === null ? 'unknown' : share >= ALERT_SHARES[1] ? 'exceeded' : share >= ALERT_SHARES[0] ? 'warning' : 'ok',
  };
}
