import type { SavedWorkload } from '../../../shared/records/workloads.ts';

/** A saved record of 1 kWh and 100 g in DE, from a start to an end. */
export function record(start: number, end: number, fields: Partial<SavedWorkload> = {}): SavedWorkload {
  return {
    service_name: 's',
    region: 'DE',
    period_start: start,
    period_end: end,
    request_count: 100,
    total_kWh: 1,
    avg_kWh_per_request: 0.01,
    total_gCO2e: 100,
    gCO2e_per_1k_requests: 1000,
    avg_grid_gCO2_per_kWh: 100,
    min_grid_gCO2_per_kWh: 100,
    max_grid_gCO2_per_kWh: 100,
    calculation_method: 'test',
    assumptions: { intensity_quality: 'measured', intensity_source: 'test' },
    metadata: {},
    created_at: 0,
    updated_at: 0,
    ...fields,
  };
}
