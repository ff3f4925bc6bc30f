import { z } from 'zod';
import { integer, positive } from '../../shared/runtime/config.ts';
import { redisSettings } from '../../shared/runtime/redis-settings.ts';

/** Settings of the readings task. */
export const readingsSettings = {
  ...redisSettings,
  CONSUMER_NAME: z.string().optional().describe('Name of this worker within the group; the host name unless set'),
  READINGS_BATCH: integer(1, 10_000).default(500).describe('Readings that a worker takes from the stream in one batch'),
  MAX_DELIVERIES: integer(1, 1_000)
    .default(5)
    .describe('Failures after which a reading goes to the dead letters (REDIS_STREAM with `:dead` behind it)'),
  CLAIM_IDLE_SECONDS: positive(86_400)
    .default(60)
    .describe('Seconds after which an unfinished reading is taken over from its worker, or tried again'),
  SITE_READINGS_MAX_ITEMS: integer(1, 10_000_000)
    .default(10_000)
    .describe('Newest readings that the Redis list `site_readings:{site_id}` keeps'),
  SITE_READINGS_MAX_AGE_HOURS: positive(87_600)
    .default(168)
    .describe('Hours for which that list keeps a reading; a list without new readings for as long is deleted'),
};

/** The values of {@link readingsSettings}. */
export type ReadingsConfig = z.output<z.ZodObject<typeof readingsSettings>>;
