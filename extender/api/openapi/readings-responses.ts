import { z } from 'zod';
import { QUALITIES } from '../../../shared/grid/intensity.ts';
import { problemResponse } from './responses.ts';

const time = z.iso.datetime();
const streamId = z
  .string()
  .regex(/^\d+-\d+$/)
  .describe('Milliseconds since 1970, and a count within them');
const index = z.int().nonnegative().describe('Place in the batch, from 0');
const count = z.int().nonnegative();

const item = z.union([
  z.strictObject({ index, status: z.literal(201), stream_id: streamId }),
  z.strictObject({
    index,
    status: z.union([z.literal(400), z.literal(409)]),
    errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })),
  }),
  z.strictObject({ index, status: z.literal(503), detail: z.string() }),
]);
const outcome = { accepted: count, failed: count, items: z.array(item).describe('The outcome of each reading') };

/** Response of `POST /readings` when all that was sent is accepted: one reading, or a batch. */
export const acceptedResponse = z.union([
  z.strictObject({ status: z.literal('success'), stream_id: streamId, message: z.string() }),
  z.strictObject({ status: z.literal('success'), ...outcome }),
]);

/** Response of `POST /readings` when some of a batch is accepted. */
export const partialResponse = z.strictObject({ status: z.literal('partial'), ...outcome });

/** Response of `POST /readings` when nothing is accepted; of a batch with the outcome of each reading. */
export const noneAccepted = problemResponse.extend(z.object(outcome).partial().shape);

const site = z.strictObject({
  site_id: z.string(),
  zone: z.string().nullable(),
  zone_source: z.enum(['api', 'configuration']).nullable(),
  devices: count,
  first_reading: time.nullable(),
  last_reading: time.nullable(),
});

/** Response of `PUT /sites/{site_id}`. */
export const siteResponse = site;

/** Response of `GET /sites`. */
export const sitesResponse = z.strictObject({ sites: z.array(site) });

/** Response of `GET /sites/{site_id}/readings`. */
export const siteReadingsResponse = z.array(
  z.strictObject({
    site_id: z.string(),
    device_id: z.string(),
    power_reading: z.number().nonnegative().describe('Watts'),
    timestamp: time,
    stream_id: streamId,
  }),
);

const share = z.number().min(0).max(1);
const figures = {
  joules: z.number().nonnegative().nullable().describe('null: no power is known'),
  grams: z.number().nullable().describe('gCO2eq; null: no intensity is known'),
  intensity_g_per_kwh: z.number().nullable(),
  quality: z.enum(QUALITIES).nullable(),
};
const coverage = z
  .strictObject({ power: share, emissions: share })
  .describe('Shares of the range, over all devices, for which power, and power and price, are known');

/** Response of `GET /sites/{site_id}/emissions`. */
export const siteEmissionsResponse = z.strictObject({
  site_id: z.string(),
  zone: z.string().nullable(),
  zone_source: z.enum(['api', 'configuration']).nullable(),
  intensity_basis: z.enum(['zone', 'mean-of-zones', 'yearly-average', 'unknown']).nullable(),
  from: time,
  to: time,
  ...figures,
  coverage,
  devices: z.array(z.strictObject({ device_id: z.string(), ...figures, coverage })),
  hours: z.array(z.strictObject({ hour: time, ...figures })),
});
