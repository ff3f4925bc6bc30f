import { z } from 'zod';
import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery } from '../../shared/records/meter-readings.ts';
import type { OnCertificate } from '../../shared/runtime/certificates.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { connectRedis, type RedisClient, type RedisConnection } from '../../shared/runtime/redis.ts';
import { redisFacts } from '../../shared/runtime/redis-client.ts';
import { toRedisError } from '../../shared/runtime/redis-error.ts';
import type { RedisConfig } from '../../shared/runtime/redis-settings.ts';
import { encodeEntry } from '../../shared/store/stream/entry.ts';
import { type StreamState, streamState, unfinished } from '../../shared/store/stream/state.ts';
import { Batcher } from './batcher.ts';
import { type Intake, IntakeError, type IntakeState, type Taken } from './intake.ts';

/** How old the known length of the stream may be; the bound is kept within what arrives meanwhile. */
const LENGTH_AGE_MS = 250;
const HEALTH_WITHIN_MS = 1_000;

// All or nothing: on a full Redis the script does not start, and a key of another type fails its first command.
const ADD_ONCE = `#!lua
local known = redis.call('HMGET', KEYS[2], 'note', 'ids')
if known[1] then return known end
local ids = {}
for at = 3, #ARGV, 8 do
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', unpack(ARGV, at, at + 7))
end
redis.call('HSET', KEYS[2], 'note', ARGV[1], 'ids', table.concat(ids, ' '))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {ARGV[1], table.concat(ids, ' ')}`;

const remembered = z.tuple([z.string(), z.string()]);

/** Adds readings to the Redis stream. The stream is bounded by refusing new readings, never by dropping accepted ones. */
export function redisIntake(options: {
  readonly config: RedisConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the certificate of Redis at each connection over TLS. */
  readonly onCertificate?: OnCertificate;
}): Intake {
  const { config, clock, logger, onCertificate } = options;
  const redis = connectRedis(config, 'intake', logger, onCertificate);
  const stream = config.REDIS_STREAM;
  const capacity = new StreamCapacity(redis, config, clock);
  const batcher = new Batcher(async (readings) => {
    try {
      return await redis.run((client) => add(client, stream, readings));
    } catch (error) {
      throw toIntakeError(error, stream);
    }
  });
  return {
    async take(readings) {
      try {
        await capacity.reserve(readings.length);
      } catch (error) {
        const failed = toIntakeError(error, stream);
        return readings.map(() => ({ kind: 'failed', error: failed }));
      }
      return batcher.take(readings);
    },
    async takeOnce(readings, delivery) {
      try {
        await capacity.reserve(readings.length);
        return await redis.run((client) => addOnce(client, stream, readings, delivery));
      } catch (error) {
        throw toIntakeError(error, stream);
      }
    },
    state: () => stateOf(redis, config),
    async [Symbol.asyncDispose]() {
      await batcher.flushed();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** Knows the approximate length of the stream, and refuses readings beyond its bound. */
class StreamCapacity {
  readonly #redis: RedisConnection;
  readonly #config: RedisConfig;
  readonly #clock: Clock;
  #length = 0;
  #measuredAt = -Infinity;

  constructor(redis: RedisConnection, config: RedisConfig, clock: Clock) {
    this.#redis = redis;
    this.#config = config;
    this.#clock = clock;
  }

  async reserve(count: number): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#measuredAt > LENGTH_AGE_MS) {
      this.#measuredAt = now;
      const { REDIS_STREAM: stream, CONSUMER_GROUP: group } = this.#config;
      const state = await this.#redis.run((client) => streamState(client, stream, group));
      this.#length = occupied(state, this.#config);
    }
    const limit = this.#config.REDIS_STREAM_MAX_LENGTH;
    if (this.#length + count > limit) throw new IntakeError('STREAM_FULL', 5, { length: this.#length });
    this.#length += count;
  }
}

/** Entries that count towards the bound: unfinished ones, and what other groups leave beyond the finished ones that may stay. */
function occupied(state: StreamState, { REDIS_STREAM_KEEP: keep }: RedisConfig): number {
  return Math.max(unfinished(state), state.length - keep);
}

async function add(client: RedisClient, stream: string, readings: readonly MeterReading[]): Promise<Taken[]> {
  const added = readings.map((reading) => client.sendCommand<string>(['XADD', stream, '*', ...encodeEntry(reading)]));
  const results = await Promise.allSettled(added);
  return results.map((result) =>
    result.status === 'fulfilled'
      ? { kind: 'taken', streamId: result.value }
      : { kind: 'failed', error: toIntakeError(result.reason, stream) },
  );
}

async function addOnce(
  client: RedisClient,
  stream: string,
  readings: readonly MeterReading[],
  { key, note, now, expires }: KeyedDelivery,
) {
  const reply = await client.eval(ADD_ONCE, {
    keys: [stream, `${stream}:delivery:${key}`],
    arguments: [note, String(expires - now), ...readings.flatMap(encodeEntry)],
  });
  const [known, ids] = remembered.parse(reply);
  return { note: known, streamIds: ids.split(' ').filter(Boolean) };
}

async function stateOf(redis: RedisConnection, config: RedisConfig): Promise<IntakeState> {
  const { REDIS_STREAM: stream, CONSUMER_GROUP: group } = config;
  try {
    const state = await redis.run((client) => streamState(client, stream, group), HEALTH_WITHIN_MS);
    const { evicts, evictedKeys } = await redis.run((client) => redisFacts(client), HEALTH_WITHIN_MS);
    const unsafe = evicts !== undefined;
    const full = occupied(state, config) >= config.REDIS_STREAM_MAX_LENGTH;
    const idle = state.consumers === 0 && unfinished(state) > 0;
    return {
      backend: 'redis',
      status: unsafe ? 'unsafe' : full ? 'full' : idle ? 'no-consumer' : 'ok',
      ...(unsafe && {
        reason: `maxmemory-policy is ${evicts}: accepted readings may be evicted; set it to noeviction`,
      }),
      evicted_keys: evictedKeys,
      stream_length: state.length,
      pending: state.pending,
      lag: state.lag ?? null,
      consumers: state.consumers,
      dead_letters: state.deadLetters,
    };
  } catch (error) {
    return { backend: 'redis', status: 'unavailable', reason: toIntakeError(error, stream).message };
  }
}

/** What the sender gets, and when to try again; addresses and texts of the server stay in the log. */
function toIntakeError(error: unknown, stream: string): IntakeError {
  if (error instanceof IntakeError) return error;
  const cause = toRedisError(error);
  switch (cause.reason) {
    case 'away':
      return new IntakeError('READINGS_REDIS_UNREACHABLE', 2, {}, { cause });
    case 'full':
      return new IntakeError('REDIS_FULL', 10, {}, { cause });
    case 'no-access':
      return new IntakeError('REDIS_NO_ACCESS', 30, {}, { cause });
    case 'wrong-type':
      return new IntakeError('REDIS_WRONG_TYPE', 30, { stream }, { cause });
    case 'cluster':
    case 'other':
      return new IntakeError('REDIS_FAILED', 10, {}, { cause });
    default:
      return cause.reason satisfies never;
  }
}
