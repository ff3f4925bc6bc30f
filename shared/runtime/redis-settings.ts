import { z } from 'zod';
import { flag, integer } from './config.ts';

/** Redis address; with REDIS_URL or REDIS_HOST meter readings go through a Redis stream. */
export const redisSettings = {
  REDIS_URL: z
    .string()
    .refine((text) => /^rediss?:$/.test(URL.parse(text)?.protocol ?? ''), 'is not a redis:// or rediss:// address')
    .optional()
    .meta({
      secret: true,
      description: 'Redis for meter readings: redis:// or, with TLS, rediss://; or use REDIS_HOST',
    }),
  REDIS_HOST: z.string().optional().describe('Host of Redis, where REDIS_URL is not set'),
  // Kubernetes puts REDIS_PORT=tcp://10.0.0.7:6379 into every pod beside a Service called redis.
  REDIS_PORT: z
    .preprocess(
      (text) => (typeof text === 'string' ? text.replace(/^tcp:\/\/.*:(?=\d+$)/, '') : text),
      integer(1, 65_535),
    )
    .default(6379)
    .describe('Port of Redis beside REDIS_HOST'),
  REDIS_USERNAME: z.string().optional().describe('User of Redis, where it has users'),
  REDIS_PASSWORD: z.string().optional().meta({ secret: true, description: 'Password of Redis' }),
  REDIS_TLS: flag().default(false).describe('Speak TLS beside REDIS_HOST; rediss:// in REDIS_URL does so too'),
  REDIS_TLS_CA_FILE: z
    .string()
    .optional()
    .describe('PEM file with the authority that signed the certificate of Redis, where the system does not know it'),
  REDIS_STREAM: z.string().default('energy_readings').describe('Stream that accepted meter readings wait in'),
  REDIS_STREAM_MAX_LENGTH: integer(1)
    .default(1_000_000)
    .describe('Readings that may wait in the stream; beyond it new ones get 503, none is dropped'),
  CONSUMER_GROUP: z.string().default('processing_group').describe('Consumer group that works the stream off'),
};

/** The values of {@link redisSettings}. */
export type RedisConfig = z.output<z.ZodObject<typeof redisSettings>>;

/** Whether readings go through Redis. */
export function usesRedis(config: Pick<RedisConfig, 'REDIS_URL' | 'REDIS_HOST'>): boolean {
  return config.REDIS_URL !== undefined || config.REDIS_HOST !== undefined;
}
