import { z } from 'zod';
import { CONTRACT_ISSUE_REASONS } from '../../../shared/emissions/contract-issues.ts';
import { QUALITIES } from '../../../shared/grid/intensity.ts';

/** A time in UTC. */
const time = z.iso.datetime();
const share = z.number().min(0).max(1).describe('Share of 1');
const quality = z.enum(QUALITIES).describe('How the intensity is known');
/** How a container's power is known. */
const powerQuality = z
  .enum(['measured', 'modelled', 'simulated'])
  .describe('measured by hardware counters, modelled (virtual machines), or simulated');
/** The model behind modelled power. */
const powerModel = z
  .strictObject({
    name: z.string().describe('A machine type, a microarchitecture, or generic'),
    low: z.number().describe('Lower bound of the energy as a factor of it; 80 of 100 machines lie within the bounds'),
    high: z.number().describe('Upper bound of the energy as a factor of it'),
    calibration: z
      .strictObject({
        factor: z.number().describe('Measured energy over modelled energy of nodes of the type'),
        source: z.enum(['meter', 'platform', 'kepler']).describe('What measured them'),
        at: time.describe('End of the newest hour that it is made of'),
        low: z.number(),
        high: z.number(),
      })
      .optional()
      .describe(
        'Present where measured nodes of the type correct the model; low and high are the spread of their hours',
      ),
  })
  .optional();
const names = {
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  node: z.string().describe('Empty where the exporter does not name it'),
};
const watts = z.number().nonnegative().describe('Mean power in watts');
const joules = z.number().nonnegative();
const gpuJoules = joules
  .nullable()
  .describe('Part of joules used on GPUs: all of it in measurements of GPUs, null in those of processors and memory');
const mode = z.enum(['local', 'db']);
const whole = z.int().nonnegative();

/** Response of `GET /api/containers`. */
export const containersResponse = z.array(
  z.strictObject({
    ...names,
    power_quality: powerQuality,
    power_model: powerModel,
    gpu_power_quality: powerQuality.nullable().describe('null: no energy of GPUs is recorded'),
    first_measurement: time,
    last_measurement: time,
  }),
);

/** Response of `POST /api/power-consumption`. */
export const powerResponse = z.array(
  z.strictObject({
    ...names,
    quality: powerQuality,
    power_model: powerModel,
    blocks: z.array(
      z.strictObject({
        block_start: time,
        block_end: time,
        coverage: share.describe('Share of the minute for which power is known'),
        measurements: z.array(
          z.strictObject({ timestamp: time, joules_per_second: watts, joules, gpu_joules: gpuJoules }),
        ),
      }),
    ),
  }),
);

const basis = z
  .enum(['zone', 'mean-of-zones', 'yearly-average', 'unknown'])
  .describe('Where the intensity comes from: one zone’s history, the mean of several, or the yearly table');
const zones = z.array(z.string()).describe('Zones whose values are used');
const used = z.record(z.string(), z.strictObject({ basis, zones }));

const countryEmissions = z.strictObject({
  intensity_g_per_kwh: z.number().nullable(),
  grams_per_second: z.number().nullable(),
  grams: z.number().nullable().describe('null: the intensity is not known'),
  quality: quality.nullable(),
  provider: z.string().nullable(),
  coverage: share.describe('Share of the measurement for which the intensity is known'),
  basis,
  zones,
  marginal_g_per_kwh: z
    .number()
    .nullable()
    .describe(
      'Marginal intensity beside the average one, which grams are of; null: not known for all of the measurement',
    ),
});

/** Response of `POST /api/co2-per-container` and its alias. */
export const co2Response = z.array(
  z.strictObject({
    timestamp: time.describe('End of the measurement'),
    start: time,
    ...names,
    power_quality: powerQuality,
    joules_per_second: watts,
    joules,
    gpu_joules: gpuJoules,
    co2_emissions_by_country: z
      .record(z.string(), countryEmissions)
      .describe('By country code, as the request spells it'),
  }),
);

/** Response of `GET /api/co2-intensities`. */
export const intensitiesResponse = z.array(
  z.strictObject({
    country: z.string().describe('As the request spells it, where it names one'),
    zone: z.string().describe('Zone of the value; the country where it is the mean of several zones'),
    zones,
    basis,
    hour: time,
    value: z.number().nonnegative().describe('gCO2eq/kWh'),
    unit: z.literal('gCO2eq/kWh'),
    quality: quality.describe('The worst of the zones’ qualities'),
    provider: z.string(),
    signal: z.enum(['average', 'marginal']),
    origin: z.enum(['history', 'cache']).describe('cache: some value is the present one, which no history holds'),
    year: z.int().optional().describe('The year that a yearly average describes'),
  }),
);

const span = z.strictObject({ start: time, end: time });

const emissionsRow = z.strictObject({
  name: z.string(),
  properties: z.record(z.string(), z.string()),
  window: span,
  start: time,
  end: time,
  minutes: z.number().nonnegative(),
  kwh: z.number().nullable().describe('null: no power is known'),
  gpu_joules: z.number().nullable().describe('Part of the energy used on GPUs; null: not known'),
  facility_kwh: z
    .number()
    .nullable()
    .describe(
      'Energy of the building for kwh: kwh × PUE of the nodes’ regions; null: some PUE is not known. Never part of kwh and grams',
    ),
  embodied_grams: z
    .number()
    .nullable()
    .describe(
      'Share of the embodied emissions of the nodes in gCO2eq, by the energy used there; null: not known for some node. Never part of grams',
    ),
  sci_g_per_unit: z
    .number()
    .nullable()
    .optional()
    .describe(
      'Software Carbon Intensity (ISO/IEC 21031): (facility_kwh × intensity + embodied_grams) per unit; present with units, null where a part is not known',
    ),
  unpriced_kwh: z.number().nullable().describe('Energy of hours without intensity: not in grams'),
  grams: z.number().nullable().describe('gCO2eq; null: no intensity is known'),
  market_grams: z.number().nullable().optional().describe('gCO2eq, market-based; absent without CONTRACTS_FILE'),
  market_unknown_kwh: z.number().optional().describe('Energy that market_grams leaves out: no factor of it is known'),
  matched_kwh: z.number().optional().describe('Energy that contracts match, hour by hour'),
  matched_share: share.nullable().optional().describe('Share of the energy that contracts match; null of no energy'),
  market_basis: z
    .array(z.enum(['residual-mix', 'location-based']))
    .optional()
    .describe('How the energy that no contract matches is priced'),
  difference_grams: z
    .number()
    .nullable()
    .optional()
    .describe(
      'With zone: gCO2eq there minus gCO2eq in the zones of the nodes, an attributional difference with average intensities; negative: less; null: not known',
    ),
  difference_kwh: z.number().optional().describe('Energy of difference_grams: that of hours with both intensities'),
  marginal_difference_grams: z
    .number()
    .nullable()
    .optional()
    .describe('The same with marginal intensities, with its own sign; null: not known of any hour'),
  marginal_difference_kwh: z.number().optional().describe('Energy of marginal_difference_grams'),
  totalCost: z.number().optional().describe('Energy × PRICE_PER_KWH of its zones; absent where no price is known'),
  intensity_g_per_kwh: z.number().nullable(),
  coverage: share.describe('Share of the containers’ time for which power and intensity are known'),
  power_coverage: share.describe('Share of the containers’ time for which power is known'),
  quality: quality.nullable(),
  power_quality: powerQuality.nullable(),
  power_models: z.array(z.string()).optional().describe('Models behind modelled power; absent where there are none'),
  kwh_low: z.number().optional().describe('Lower bound of kwh; present with power_models'),
  kwh_high: z.number().optional().describe('Upper bound of kwh; present with power_models'),
  zones: z.array(z.string()),
  reason: z.string().optional().describe('Why some energy has no price'),
});

/** Response of `GET /api/emissions`. */
export const emissionsResponse = z.strictObject({
  code: z.literal(200),
  status: z.literal('success'),
  data: z.array(z.record(z.string(), emissionsRow)).describe('One set of rows by name for every step'),
  meta: z.strictObject({
    window: span,
    pieces: z.array(span).describe('What each set of data covers'),
    aggregate: z.string(),
    unavailable: z
      .array(z.string())
      .describe(
        'What aggregate and filters name although it is not recorded: rows by it are __unallocated__, and no row matches a filter for it',
      ),
    rows: whole.describe('Number of rows that match, on this page or not'),
    order: z.array(z.string()).describe('Names of the rows of this page, in the requested order'),
    zone: z.string().nullable(),
    zones: used,
    units: z.record(z.string(), z.string()),
  }),
});

/** Response of `GET /api/export-time-series` as JSON. */
export const exportResponse = z.array(
  z.strictObject({
    pod: z.string(),
    container: z.string(),
    namespace: z.string(),
    timestamp: time,
    joules_per_second: watts,
    block_start: time,
    block_end: time,
    joules,
    start: time,
    node: z.string(),
    power_quality: powerQuality,
    gpu_joules: gpuJoules,
  }),
);

/** Response of `GET /health`. */
export const healthResponse = z.strictObject({
  status: z.literal('ok'),
  monitored_containers: whole,
  total_blocks: whole,
  current_blocks: whole,
  mode,
  readings: z
    .looseObject({ backend: z.enum(['redis', 'store']), status: z.string() })
    .optional()
    .describe('How meter readings are accepted, and the state of their processing'),
  timestamp: time,
});

/** Response of `GET /api/status`. */
export const statusResponse = z.strictObject({
  status: z.enum(['ok', 'degraded']).describe('degraded: the embedded store cannot be read or written'),
  last_scrape_time: time.nullable(),
  last_measurement_time: time.nullable(),
  has_data: z.boolean(),
  unique_container_keys: whole,
  unpriced_nodes: z
    .array(z.string())
    .describe('Nodes with power in the last hour whose zone is not known: their energy has no emissions'),
  contracts_without_effect: z
    .array(z.strictObject({ contract: z.string(), reason: z.enum(CONTRACT_ISSUE_REASONS), problem: z.string() }))
    .optional()
    .describe('Contracts that match nothing from now on, or make figures worse; absent without CONTRACTS_FILE'),
  pending_db_blocks: whole.nullable().describe('null: the spool cannot be read'),
  mode,
  store: z
    .strictObject({
      status: z.enum(['ok', 'missing', 'unavailable']),
      detail: z.string().optional(),
      set_aside: z.array(z.string()).describe('Damaged files that were set aside in DATA_DIR'),
      damaged_rows: whole.describe('Rows left out because their checksum did not match, as often as they were read'),
    })
    .optional()
    .describe('The embedded store; absent with a database'),
  timestamp: time,
});

/** Every error, in the form of RFC 9457. */
export const problemResponse = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z
    .array(z.strictObject({ pointer: z.string(), detail: z.string() }))
    .optional()
    .describe('Every issue of the request'),
});
