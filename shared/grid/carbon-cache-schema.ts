import { z } from 'zod';
import { QUALITIES } from './intensity.ts';

const instant = z.iso.datetime({ offset: true });
const intensity = z.number().nonnegative().finite();

const forecastPoint = z.looseObject({
  datetime: instant,
  carbonIntensity: intensity,
  low: intensity.optional(),
  high: intensity.optional(),
  source: z.string().optional().describe('Provider, `history`, or both; absent: `forecastSource`'),
});

const region = z.looseObject({
  zone: z.string().describe('Zone code; the same as the key'),
  carbonIntensity: intensity.describe('gCO2eq/kWh'),
  datetime: instant.describe('Start of the time that the value describes'),
  updatedAt: instant.nullish().describe('When the provider last changed the value'),
  createdAt: instant.nullish().describe('When the provider first made the value'),
  emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
  isEstimated: z.boolean().default(true),
  estimationMethod: z.string().nullish(),
  timestamp: instant.describe('When this region was fetched'),
  provider: z.string().default('unknown'),
  signal: z.enum(['average', 'marginal']).default('average'),
  quality: z.enum(QUALITIES).default('estimated'),
  forecast: z.array(forecastPoint).optional().describe('Hourly, oldest first'),
  forecastSource: z.string().optional(),
});

/** The cache document on disk, version 1: the contract with every consumer of the shared volume. Units: gCO2eq/kWh. */
export const carbonCacheSchema = z
  .looseObject({
    schema_version: z.literal(1),
    timestamp: instant.describe('When the document was written'),
    ttl_minutes: z.number().positive().describe('Minutes after `timestamp` for which the document is fresh'),
    regions: z.record(z.string(), region),
    sorted_by_carbon: z.array(z.string()).describe('Ranked zones, cleanest first, ties by zone code'),
    best_region: z.string().nullable(),
    worst_region: z.string().nullable(),
    unranked: z.array(z.string()).optional().describe('Zones whose signal is not the majority signal'),
  })
  .describe('carbon-extender cache file');

/** The parsed document as JSON has it. */
export type CarbonCacheDocument = z.output<typeof carbonCacheSchema>;
