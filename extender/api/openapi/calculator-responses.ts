import { z } from 'zod';
import { BUDGET_PERIODS } from '../../../shared/records/workloads.ts';

const time = z.iso.datetime();
const amount = z.number().nonnegative();
const json = z.record(z.string(), z.unknown());

/** What a service's requests emitted, as it is calculated. */
const workload = z.strictObject({
  service_name: z.string(),
  region: z.string(),
  period_start: time,
  period_end: time.describe('Not included'),
  request_count: z.int().positive(),
  total_kWh: amount,
  avg_kWh_per_request: amount,
  total_gCO2e: amount,
  gCO2e_per_1k_requests: amount,
  avg_grid_gCO2_per_kWh: amount,
  min_grid_gCO2_per_kWh: amount,
  max_grid_gCO2_per_kWh: amount,
  calculation_method: z.string(),
  assumptions: json.describe('Zone, source, quality and coverage of the intensity, and the energy profile'),
  metadata: json.describe('Metadata given with the record'),
});

/** Response of `POST /api/workloads`. */
export const savedResponse = z.strictObject({
  created: z.int().nonnegative(),
  updated: z.int().nonnegative().describe('Records that replaced one of the same service, region and period'),
  workloads: z.array(workload),
});

/** Response of `GET /api/workloads`. */
export const workloadsResponse = z.strictObject({
  workloads: z.array(workload.extend({ created_at: time, updated_at: time })),
});

/** Response of `GET /api/budgets`. */
export const budgetsResponse = z.strictObject({
  budgets: z.array(
    z.strictObject({
      kind: z.enum(['namespace', 'service']),
      name: z.string(),
      per: z.enum(BUDGET_PERIODS),
      budget_gCO2e: z.number().positive(),
      period_start: time,
      period_end: time,
      used_gCO2e: amount.nullable().describe('null: nothing is known; state is then unknown'),
      remaining_gCO2e: z.number().nullable().describe('Negative: exceeded'),
      used_share: amount.nullable().describe('1 is all of it'),
      elapsed_share: z.number().min(0).max(1),
      projected_gCO2e: amount.nullable().describe('A linear projection, not a forecast'),
      coverage: z.number().min(0).max(1),
      zone_source: z
        .string()
        .nullable()
        .describe(
          'Where the zones of the nodes come from: node (its labels), ZONE_MAP, DEFAULT_ZONE, or several; null for services',
        ),
      state: z.enum(['ok', 'warning', 'exceeded', 'unknown']),
    }),
  ),
});
