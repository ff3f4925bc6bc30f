import { z } from 'zod';
import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { connectRedis, type RedisClient, type RedisConnection } from '../../shared/runtime/redis.ts';
import { type RedisError, toRedisError } from '../../shared/runtime/redis-error.ts';
import type { RedisConfig } from '../../shared/runtime/redis-settings.ts';
import { encodeEntry } from '../../shared/store/stream/entry.ts';
import { streamState } from '../../shared/store/stream/state.ts';
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

/** Takes readings into the Redis stream. The stream is bounded by refusing, never by dropping what was accepted. */
export function redisIntake(options: { config: RedisConfig; clock: Clock; logger: Logger }): Intake {
  const { config, clock, logger } = options;
  const redis = connectRedis(config, 'intake', logger);
  const stream = config.REDIS_STREAM;
  const room = new Room(redis, config, clock);
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
        await room.reserve(readings.length);
      } catch (error) {
        const fault = toIntakeError(error, stream);
        return readings.map(() => ({ kind: 'fault', fault }));
      }
      return batcher.take(readings);
    },
    async takeOnce(readings, delivery) {
      try {
        await room.reserve(readings.length);
        return await redis.run((client) => addOnce(client, stream, readings, delivery));
      } catch (error) {
        throw toIntakeError(error, stream);
      }
    },
    state: () => stateOf(redis, config),
    async [Symbol.asyncDispose]() {
      await batcher.settled();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** Knows about how long the stream is, and refuses what would go beyond its bound. */
class Room {
  readonly #redis: RedisConnection;
  readonly #config: RedisConfig;
  readonly #clock: Clock;
  #length = 0;
  #asked = -Infinity;

  constructor(redis: RedisConnection, config: RedisConfig, clock: Clock) {
    this.#redis = redis;
    this.#config = config;
    this.#clock = clock;
  }

  async reserve(count: number): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#asked > LENGTH_AGE_MS) {
      this.#asked = now;
      this.#length = await this.#redis.run((client) => client.xLen(this.#config.REDIS_STREAM));
    }
    const limit = this.#config.REDIS_STREAM_MAX_LENGTH;
    if (this.#length + count > limit)
      throw new IntakeError(`${this.#length} readings wait to be processed; ${limit} may`, 5);
    this.#length += count;
  }
}

async function add(client: RedisClient, stream: string, readings: readonly MeterReading[]): Promise<Taken[]> {
  const added = readings.map((reading) => client.sendCommand<string>(['XADD', stream, '*', ...encodeEntry(reading)]));
  const results = await Promise.allSettled(added);
  return results.map((result) =>
    result.status === 'fulfilled'
      ? { kind: 'taken', streamId: result.value }
      : { kind: 'fault', fault: toIntakeError(result.reason, stream) },
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
    const full = state.length >= config.REDIS_STREAM_MAX_LENGTH;
    const idle = state.consumers === 0 && state.length > 0;
    return {
      backend: 'redis',
      status: full ? 'full' : idle ? 'no-consumer' : 'ok',
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

function toIntakeError(error: unknown, stream: string): IntakeError {
  if (error instanceof IntakeError) return error;
  const cause = toRedisError(error);
  return new IntakeError(...messageFor(cause, stream), { cause });
}

/** The message for the sender, and when to try again in seconds; addresses and server texts stay in the log. */
function messageFor({ reason }: RedisError, stream: string): [string, number] {
  switch (reason) {
    case 'away':
      return ['Redis cannot be reached', 2];
    case 'full':
      return ['Redis is full', 10];
    case 'no-access':
      return ['Redis refuses the user or password of this service', 30];
    case 'wrong-type':
      return [`The key ${stream} in Redis is not a stream`, 30];
    case 'other':
      return ['Redis answered with an error', 10];
    default:
      return reason satisfies never;
  }
}
