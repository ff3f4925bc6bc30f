import { z } from 'zod';

const figure = z.number();
const known = figure.nullable();

const factor = z.strictObject({
  zone: z.string(),
  source: z.string(),
  hours: figure,
  mean_g_per_kwh: figure,
  min_g_per_kwh: figure,
  max_g_per_kwh: figure,
  qualities: z.array(z.string()),
});

const day = z.strictObject({
  day: z.string(),
  rows: figure,
  kwh: figure,
  location_grams: figure,
  market_grams: known,
  energy_sha256: z.string(),
  factors_sha256: z.string(),
  matches_sha256: z.string(),
  machines_sha256: z.string(),
});

/** What a statement says of its time; made from its rows alone. */
export const statementFigures = z.strictObject({
  energy: z.strictObject({
    kwh: figure,
    kwh_low: figure,
    kwh_high: figure,
    gpu_kwh: known,
    by_quality_kwh: z.record(z.string(), figure),
  }),
  scope_2: z.strictObject({
    location_based: z.strictObject({ grams: known, unknown_kwh: figure, g_per_kwh: known }),
    /** Null without contracts. */
    market_based: z
      .strictObject({
        grams: known,
        unknown_kwh: figure,
        matched_kwh: figure,
        matched_share: known,
        rest: z.array(z.string()),
      })
      .nullable(),
  }),
  /** Beside scope 2, and in none of its figures: of the part of the energy whose node's PUE or machine is known. */
  facility: z.strictObject({ kwh: known.describe('Energy × PUE of the building'), unknown_kwh: figure }),
  embodied: z.strictObject({
    grams: known.describe('Embodied emissions of the machines (scope 3)'),
    unknown_kwh: figure,
  }),
  coverage: z.strictObject({
    hours: figure.describe('Hours of the time'),
    hours_with_power: figure,
    energy_with_intensity: known.describe('Share of 1'),
  }),
  intensity_quality_kwh: z.record(z.string(), figure),
  factors: z.array(factor),
  machines: z.array(
    z.strictObject({
      figure: z.enum(['pue', 'embodied']),
      source: z.string(),
      nodes: figure,
      value: figure.describe('The PUE, or gCO2e of the machines in this time, before it is shared'),
    }),
  ),
  savings: z.array(
    z.strictObject({
      ...{ baseline: z.string(), pods: figure, negative: figure, kwh: figure, grams: figure, baseline_grams: figure },
      marginal_difference_grams: known.describe('The same with marginal intensities, where they are known'),
      difference_grams: figure.describe(
        'Baseline minus grams: an attributional difference; negative where more was emitted',
      ),
    }),
  ),
  savings_sha256: z.string(),
  missing: z.array(z.string()),
  days: z.array(day),
});

/** One of {@link statementFigures}. */
export type StatementFigures = z.output<typeof statementFigures>;

/** A statement as it is kept. */
export const statementSchema = z.strictObject({
  schema: z.literal('carbon-extender/statement/1'),
  cluster: z.string(),
  /** Null: everything that is recorded, with what nodes used beside containers. */
  namespace: z.string().nullable(),
  month: z.string().regex(/^\d{4}-\d{2}$/),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  created_at: z.iso.datetime(),
  software: z.strictObject({ name: z.string(), version: z.string() }),
  method: z.array(z.string()),
  contracts: z.array(
    z.strictObject({
      ...{ name: z.string(), kind: z.string(), zone: z.string(), from: z.iso.datetime(), to: z.iso.datetime() },
      ...{ kwh: figure, per: z.enum(['hour', 'year']), g_per_kwh: figure },
    }),
  ),
  residual_mixes: z.array(
    z.strictObject({
      zone: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      g_per_kwh: figure,
      source: z.string(),
    }),
  ),
  ...statementFigures.shape,
  seal: z.strictObject({ algorithm: z.literal('sha256'), value: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/** A statement: emissions of a month with the hashes of the rows that they were made from. */
export type Statement = z.output<typeof statementSchema>;

/** How the figures are made, for the reader of a statement. */
export const STATEMENT_METHOD: readonly string[] = [
  'Energy: each container’s energy by UTC hour, as recorded; bounds are those of modelled power, as if all were off in one direction.',
  'Scope 2, location-based (GHG Protocol Scope 2 Guidance): energy of each hour × average intensity of that hour in the grid zone of the node; energy of hours without a known intensity is listed and not in the grams.',
  'Scope 2, market-based: contracts are matched by hour and grid zone, never more than was used nor delivered, everything that used the grid with the same share; the rest at the residual mix if there is one, otherwise location-based.',
  'Facility: energy × PUE of the building of each node. Embodied: the making of each node’s machine, spread over its life, for the time whose power is known; shared hour by hour by the energy used there. Neither is in the figures of scope 2.',
  'Savings: attributional differences to a baseline with average intensities. They are not emissions avoided in the grid, and baselines are never added up.',
  'Seal: SHA-256 of this statement as JSON with sorted keys and without the seal; it holds the SHA-256 of the rows of each day, sorted and separated by line feeds.',
];
