import type { z } from 'zod';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import { integer, list, positive } from '../../shared/runtime/config.ts';
import { redisSettings } from '../../shared/runtime/redis-settings.ts';

/** Settings of the readings and sites resources. */
export const readingsApiSettings = {
  ...redisSettings,
  SITE_ZONES: list()
    .transform((items, context) => {
      const zones = new Map<string, Zone>();
      for (const item of items) {
        const [site, code, ...rest] = item.split('=').map((part) => part.trim());
        const parsed = parseZone(code ?? '');
        if (site && rest.length === 0 && parsed.kind !== 'malformed') zones.set(site, parsed.zone);
        else context.addIssue({ code: 'custom', message: `"${item}" is not site=ZONE` });
      }
      return zones;
    })
    .default(new Map())
    .describe('Zones of sites: berlin-1=DE,lyon-2=FR; PUT /sites/{id} takes precedence'),
  READINGS_MAX_BODY_MB: positive(64).default(8).describe('Largest body of POST /readings in MiB'),
  READINGS_MAX_BATCH: integer(1, 50_000).default(10_000).describe('Maximum readings in one POST /readings'),
  READINGS_MAX_AHEAD_SECONDS: positive(86_400)
    .default(300)
    .describe('Seconds by which the time of a reading may be ahead of the server’s clock'),
  READINGS_MAX_AGE_HOURS: positive(876_000)
    .optional()
    .describe('Maximum age of a reading in hours; absent: any age, old readings are history'),
  READINGS_MAX_GAP_SECONDS: positive(86_400)
    .default(900)
    .describe('Maximum seconds between two readings of a device for its power in between to count as known'),
  IDEMPOTENCY_HOURS: positive(720).default(24).describe('Hours for which an Idempotency-Key is remembered'),
};

/** The values of {@link readingsApiSettings}. */
export type ReadingsApiConfig = z.output<z.ZodObject<typeof readingsApiSettings>>;
