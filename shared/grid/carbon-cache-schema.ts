import { z } from 'zod';
import { parseInstant } from './instant.ts';
import { QUALITIES } from './intensity.ts';

const instant = (description: string) =>
  z
    .string()
    .refine((text) => !Number.isNaN(parseInstant(text)), 'is not a time')
    .meta({ format: 'date-time', description });
const intensity = z.number().nonnegative();

/** One hour of a forecast as JSON has it. */
export const forecastPointSchema = z.looseObject({
  datetime: instant('Start of the hour'),
  carbonIntensity: intensity.describe('gCO2eq/kWh'),
  low: intensity.nullish().describe('Lower edge of the uncertainty band'),
  high: intensity.nullish().describe('Upper edge of the uncertainty band'),
  source: z.string().nullish().describe('Provider, `history`, or both; absent: `forecastSource`'),
});

const regionFields = {
  zone: z.string().optional().describe('Name as in ZONES; the same as the key'),
  gridZone: z.string().optional().describe('The grid zone behind the name, as Electricity Maps writes it'),
  carbonIntensity: intensity.describe('gCO2eq/kWh'),
  datetime: instant('Start of the time that the value describes'),
  updatedAt: instant('When the provider last changed the value; when it was fetched, where it does not say').nullish(),
  createdAt: instant('When the provider first made the value; when it was fetched, where it does not say').nullish(),
  emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
  isEstimated: z.boolean().nullish(),
  estimationMethod: z.string().nullish(),
  timestamp: instant('When this region was fetched'),
  provider: z.string().default('unknown'),
  signal: z.enum(['average', 'marginal']).default('average'),
  quality: z.enum(QUALITIES).optional(),
  forecastSource: z.string().optional(),
};

/** One region as JSON has it; the points of its forecast are read one by one. */
export const cachedRegionSchema = z.looseObject({
  ...regionFields,
  forecast: z.array(z.unknown()).nullish(),
});

const documentFields = {
  schema_version: z.literal(1).optional().describe('Absent in documents of publishers that know no versions'),
  timestamp: instant('When the document was written'),
  ttl_minutes: z.number().positive().describe('Minutes after `timestamp` for which the document is fresh'),
  best_region: z.string().nullish(),
  worst_region: z.string().nullish(),
};

/** The document as it is read: each region by itself, so that a damaged one affects only itself. */
export const cacheEnvelopeSchema = z.looseObject({
  ...documentFields,
  regions: z.record(z.string(), z.unknown()),
});

/** The cache document on disk, version 1: the contract with every consumer of the shared volume. Units: gCO2eq/kWh. */
export const carbonCacheSchema = z
  .looseObject({
    ...documentFields,
    regions: z.record(
      z.string(),
      z.looseObject({
        ...regionFields,
        forecast: z.array(forecastPointSchema).nullish().describe('Hourly, oldest first'),
      }),
    ),
    sorted_by_carbon: z.array(z.string()).optional().describe('Ranked names, cleanest first, ties by name'),
    unranked: z.array(z.string()).optional().describe('Names whose signal is not the majority signal'),
  })
  .describe('carbon-extender cache file');
