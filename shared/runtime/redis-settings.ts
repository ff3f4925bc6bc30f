import { z } from 'zod';
import { flag, integer } from './config.ts';

/** What the client library would only reject when it connects: a part that is not percent-encoded, a path that is not a number. */
function checkRedisUrl(text: string, context: z.RefinementCtx): void {
  const report = (message: string) => context.addIssue({ code: 'custom', message });
  if (/^rediss?\+sentinel:\/\//.test(text)) {
    if (!/^rediss?\+sentinel:\/\/([^@/]*@)?[^@/,]+(,[^@/,]+)*\/[^/]+$/.test(text))
      report('is not an address such as redis+sentinel://host1:26379,host2:26379/name');
    return;
  }
  const url = URL.parse(text);
  if (url === null || !/^rediss?:$/.test(url.protocol)) return report('is not a redis:// or rediss:// address');
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part);
  } catch {
    report('has a user or password with a % that is not percent-encoded: write %25 for %');
  }
  if (!/^\/?\d*$/.test(url.pathname)) report('has a path that is not the number of a database');
}

/** Redis address; with REDIS_URL or REDIS_HOST meter readings go through a Redis stream. */
export const redisSettings = {
  REDIS_URL: z.string().superRefine(checkRedisUrl).optional().meta({
    secret: true,
    description:
      'Redis for meter readings: `redis://` or, with TLS, `rediss://`; with Sentinel `redis+sentinel://host:26379,host2:26379/name`; or use REDIS_HOST',
  }),
  REDIS_HOST: z.string().optional().describe('Host of Redis, if REDIS_URL is not set'),
  // Kubernetes puts REDIS_PORT=tcp://10.0.0.7:6379 into every pod beside a Service called redis.
  REDIS_PORT: z
    .preprocess(
      (text) => (typeof text === 'string' ? text.replace(/^tcp:\/\/.*:(?=\d+$)/, '') : text),
      integer(1, 65_535),
    )
    .default(6379)
    .describe('Port of Redis, with REDIS_HOST'),
  REDIS_USERNAME: z.string().optional().describe('Redis user, if it has ACL users'),
  REDIS_PASSWORD: z.string().optional().meta({ secret: true, description: 'Password of Redis' }),
  REDIS_TLS: flag().default(false).describe('Use TLS with REDIS_HOST; rediss:// in REDIS_URL does the same'),
  REDIS_TLS_CA_FILE: z
    .string()
    .optional()
    .describe('PEM file with the authority that signed the certificate of Redis, if the system does not trust it'),
  REDIS_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('PEM file with the client certificate for Redis; read for each connection'),
  REDIS_TLS_KEY_FILE: z.string().optional().describe('PEM file with the key of REDIS_TLS_CERT_FILE'),
  REDIS_STREAM: z.string().default('energy_readings').describe('Stream of accepted meter readings'),
  REDIS_STREAM_MAX_LENGTH: integer(1)
    .default(1_000_000)
    .describe('Maximum readings waiting in the stream; beyond it new ones get 503, none is dropped'),
  REDIS_STREAM_KEEP: integer(0)
    .default(10_000)
    .describe(
      'Length of the stream up to which finished readings stay in it, so that another consumer group can replay them; the oldest are removed first',
    ),
  CONSUMER_GROUP: z.string().default('processing_group').describe('Consumer group that processes the stream'),
};

/** The values of {@link redisSettings}. */
export type RedisConfig = z.output<z.ZodObject<typeof redisSettings>>;

/** Whether readings go through Redis. */
export function usesRedis(config: Pick<RedisConfig, 'REDIS_URL' | 'REDIS_HOST'>): boolean {
  return config.REDIS_URL !== undefined || config.REDIS_HOST !== undefined;
}
