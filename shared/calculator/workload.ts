import { z } from 'zod';
import { DATE_PATTERN, TIME_PATTERN } from '../grid/time-patterns.ts';
import { isoTime } from '../grid/units.ts';
import type { SavedWorkload, WorkloadEmissions } from '../records/workloads.ts';
import type { EmissionsResult } from './calculate.ts';
import { calculatorError } from './error.ts';

/** A result as the record that is saved; an error when it has no period. */
export function workloadOf(
  result: EmissionsResult,
  metadata: Readonly<Record<string, unknown>> = {},
): WorkloadEmissions {
  if (result.period === null) throw calculatorError('RESULT_WITHOUT_PERIOD', {});
  const { parts: _parts, ...intensity } = result.intensity;
  return {
    service_name: result.service,
    region: result.region,
    period_start: Date.parse(result.period.from),
    period_end: Date.parse(result.period.to),
    request_count: result.requests,
    total_kWh: result.total_kWh,
    avg_kWh_per_request: result.avg_kWh_per_request,
    total_gCO2e: result.total_gCO2e,
    gCO2e_per_1k_requests: result.gCO2e_per_1k_requests,
    avg_grid_gCO2_per_kWh: intensity.avg_gCO2_per_kWh,
    min_grid_gCO2_per_kWh: intensity.min_gCO2_per_kWh,
    max_grid_gCO2_per_kWh: intensity.max_gCO2_per_kWh,
    calculation_method: result.calculation_method,
    assumptions: {
      zone: result.zone,
      intensity_source: intensity.source,
      intensity_quality: intensity.quality,
      intensity_signal: intensity.signal,
      intensity_coverage: intensity.coverage,
      weighting: intensity.weighting,
      ...result.energy,
      ...(result.sci && { sci: result.sci }),
    },
    metadata,
  };
}

/** A record as JSON: the columns, with times in ISO 8601 UTC. */
export function workloadJson(record: WorkloadEmissions & Partial<SavedWorkload>): Record<string, unknown> {
  const { period_start, period_end, created_at, updated_at, ...rest } = record;
  return {
    ...rest,
    period_start: isoTime(period_start),
    period_end: isoTime(period_end),
    ...(created_at !== undefined && { created_at: isoTime(created_at) }),
    ...(updated_at !== undefined && { updated_at: isoTime(updated_at) }),
  };
}

const instant = z
  .string()
  .max(40)
  .meta({ pattern: `^(${TIME_PATTERN}|${DATE_PATTERN})$` });
const energy = z.number().positive().finite();

/** One record as a CSV line or a request gives it: who, where, when, how often, and what is already known of it. */
export const workloadInput = z
  .strictObject({
    service_name: z.string().min(1).max(253),
    region: z.string().min(1).max(100),
    period_start: instant,
    period_end: instant.meta({ ...instant.meta(), description: 'Not included' }),
    request_count: z.number().meta({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    total_kWh: energy.optional().describe('Measured energy of all requests; replaces the profile'),
    total_gCO2e: z.number().nonnegative().finite().optional().describe('Known emissions; requires total_kWh'),
    usage: z
      .array(z.strictObject({ hour: instant, requests: z.number().nonnegative().finite() }))
      .max(9000)
      .optional()
      .describe('Requests by hour, by which the intensity is weighted'),
    yearly_average: z.boolean().optional().describe('Uses the yearly average where no history is recorded'),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ total_kWh, total_gCO2e }) => total_gCO2e === undefined || total_kWh !== undefined, {
    path: ['total_gCO2e'],
    message: 'needs total_kWh beside it',
  })
  .meta({ dependentRequired: { total_gCO2e: ['total_kWh'] } });

/** A record that was read but not yet calculated. */
export type WorkloadInput = z.output<typeof workloadInput>;
