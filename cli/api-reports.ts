import { z } from 'zod';
import type { BurnDown } from '../shared/calculator/budget.ts';
import { BASELINES, type SavingsTotal } from '../shared/emissions/savings.ts';
import { QUALITIES } from '../shared/grid/intensity.ts';
import { grams, isoTime } from '../shared/grid/units.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { BUDGET_PERIODS, type SavedWorkload, type WorkloadFilter } from '../shared/records/workloads.ts';
import type { ApiClient } from './api-client.ts';

const quantity = z.number().nullable();

const burnDown = z.object({
  kind: z.enum(['namespace', 'service']),
  name: z.string(),
  per: z.enum(BUDGET_PERIODS),
  budget_gCO2e: z.number(),
  period_start: z.string(),
  period_end: z.string(),
  used_gCO2e: quantity,
  remaining_gCO2e: quantity,
  used_share: quantity,
  elapsed_share: z.number(),
  projected_gCO2e: quantity,
  coverage: z.number(),
  zone_source: z.string().nullable(),
  state: z.enum(['ok', 'warning', 'exceeded', 'unknown']),
});

const savings = z.object({
  decisions: z.number(),
  totals: z.array(
    z.object({
      baseline: z.enum(BASELINES),
      pods: z.number(),
      negative: z.number(),
      energy_kwh: z.number(),
      emissions_grams: z.number(),
      saved_grams: z.number(),
      saved_percent: quantity,
      possible_grams: z.number(),
      coverage: quantity,
      qualities: z.array(z.enum(QUALITIES)),
      marginal: z
        .object({ pods: z.number(), emissions_grams: z.number(), baseline_grams: z.number(), saved_grams: z.number() })
        .nullable()
        .default(null),
    }),
  ),
});

const time = z.iso.datetime().transform((text) => Date.parse(text));
const json = z.record(z.string(), z.unknown());
const workload = z.object({
  service_name: z.string(),
  region: z.string(),
  period_start: time,
  period_end: time,
  request_count: z.number(),
  total_kWh: z.number(),
  avg_kWh_per_request: z.number(),
  total_gCO2e: z.number(),
  gCO2e_per_1k_requests: z.number(),
  avg_grid_gCO2_per_kWh: z.number(),
  min_grid_gCO2_per_kWh: z.number(),
  max_grid_gCO2_per_kWh: z.number(),
  calculation_method: z.string(),
  assumptions: json,
  metadata: json,
  created_at: time,
  updated_at: time,
});

/** Budgets with their burn-down, from a running API. */
export async function budgetsFromApi(api: ApiClient): Promise<readonly BurnDown[]> {
  return (await api.get('/api/budgets', z.object({ budgets: z.array(burnDown) }))).budgets;
}

/** Totals of the savings ledger, from a running API, and the number of placement decisions that they come from. */
export async function savingsFromApi(
  api: ApiClient,
  { from, to }: TimeRange,
): Promise<{ readonly decisions: number; readonly totals: readonly SavingsTotal[] }> {
  const path = `/api/savings?start_time=${isoTime(from)}&end_time=${isoTime(to)}&limit=0`;
  const { decisions, totals } = await api.get(path, savings);
  return {
    decisions,
    totals: totals.map(
      ({ energy_kwh, emissions_grams, saved_grams, saved_percent, possible_grams, marginal, ...rest }) => ({
        ...rest,
        kilowattHours: energy_kwh,
        met: grams(emissions_grams),
        saved: saved_grams as SavingsTotal['saved'],
        savedPercent: saved_percent,
        possible: possible_grams as SavingsTotal['possible'],
        marginal: marginal && {
          pods: marginal.pods,
          met: grams(marginal.emissions_grams),
          wouldHaveMet: grams(marginal.baseline_grams),
          saved: marginal.saved_grams as SavingsTotal['saved'],
        },
      }),
    ),
  };
}

const gridNow = z.object({
  state: z.enum(['fresh', 'stale', 'missing']),
  reason: z.string().nullable(),
  zones: z.array(
    z.object({
      zone: z.string(),
      name: z.string().optional(),
      rank: z.number().nullable(),
      intensity_g_per_kwh: z.number(),
      quality: z.string(),
      provider: z.string(),
      signal: z.string(),
      datetime: z.string(),
    }),
  ),
});

/** The state of the carbon cache with its zones, from a running API. */
export function gridFromApi(api: ApiClient): Promise<z.output<typeof gridNow>> {
  return api.get('/api/grid', gridNow);
}

/** Saved workloads that touch a range, from a running API. */
export async function workloadsFromApi(
  api: ApiClient,
  { service, region }: WorkloadFilter,
  { from, to }: TimeRange,
): Promise<readonly SavedWorkload[]> {
  const query = new URLSearchParams({ start_time: isoTime(from), end_time: isoTime(to) });
  if (service !== undefined) query.set('service', service);
  if (region !== undefined) query.set('region', region);
  return (await api.get(`/api/workloads?${query}`, z.object({ workloads: z.array(workload) }))).workloads;
}
