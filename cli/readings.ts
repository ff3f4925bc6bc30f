import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { systemClock } from '../shared/runtime/clock.ts';
import { type Environment, loadConfig } from '../shared/runtime/config.ts';
import { createLogger } from '../shared/runtime/logger.ts';
import { connectRedis, type RedisConnection } from '../shared/runtime/redis.ts';
import { redisSettings, usesRedis } from '../shared/runtime/redis-settings.ts';
import { type DeadLetter, deadLetters, redrive } from '../shared/store/stream/dead-letters.ts';
import { streamState } from '../shared/store/stream/state.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';

const PAGE = 500;
const CONNECT_WITHIN_MS = 10_000;

/** `carbon readings`: inspects the readings stream and redrives dead letters. It reads the poller's settings. */
export function readingsCommand(env: Environment): Command {
  return new Command('readings')
    .description(
      'Inspect the Redis stream of meter readings (REDIS_URL or REDIS_HOST; settings: docs/configuration.md)',
    )
    .addHelpText(
      'after',
      examples(
        'REDIS_URL=redis://localhost:6379 carbon readings status',
        'carbon readings dead --limit 20 | jq .reason',
        'carbon readings redrive --limit 20',
      ),
    )
    .addCommand(
      new Command('status')
        .description('Print length, pending, lag, workers and dead letters as JSON')
        .addHelpText('after', examples('carbon readings status | jq .lag'))
        .action(() => withRedis(env, status)),
    )
    .addCommand(
      new Command('dead')
        .description('Print the dead letters with their reasons as NDJSON, oldest first')
        .option('--limit <n>', 'maximum number to print', count, 100)
        .addHelpText('after', examples('carbon readings dead --limit 10 | jq -r .reason'))
        .action(({ limit }: { limit: number }) => withRedis(env, (redis, config) => listDead(redis, config, limit))),
    )
    .addCommand(
      new Command('redrive')
        .description('Put dead letters back into the stream, oldest first')
        .option('--limit <n>', 'maximum number to put back; default: all', count)
        .addHelpText('after', examples('carbon readings redrive --limit 100'))
        .action(({ limit }: { limit?: number }) => withRedis(env, (redis, config) => redriveAll(redis, config, limit))),
    )
    .addHelpText('after', examples('carbon readings status', 'carbon readings dead', 'carbon readings redrive'));
}

type Config = z.output<typeof schema>;
const schema = z.object(redisSettings);

async function withRedis(env: Environment, work: (redis: RedisConnection, config: Config) => Promise<void>) {
  const config = loadConfig('carbon readings', schema, env);
  if (!usesRedis(config)) throw cliError('REDIS_NOT_CONFIGURED', {});
  await using redis = connectRedis(config, 'cli', createLogger('carbon', 'silent'));
  const until = systemClock.monotonic() + CONNECT_WITHIN_MS;
  while (redis.error()?.reason === 'away' && systemClock.monotonic() < until) await systemClock.sleep(20);
  const error = redis.error();
  if (error !== undefined) throw cliError('REDIS_UNREACHABLE', { reason: error.message });
  await work(redis, config);
}

async function status(redis: RedisConnection, { REDIS_STREAM: stream, CONSUMER_GROUP: group }: Config) {
  const state = await redis.run((client) => streamState(client, stream, group));
  const { length, pending, lag = null, consumers, deadLetters: dead_letters } = state;
  process.stdout.write(`${JSON.stringify({ stream, group, length, pending, lag, consumers, dead_letters })}\n`);
}

async function listDead(redis: RedisConnection, { REDIS_STREAM: stream }: Config, limit: number) {
  let left = limit;
  for await (const { id, originId, reason, deliveries, failedAt, fields } of eachDead(redis, stream)) {
    if (left-- <= 0) return;
    const shown = { id, origin_id: originId, failed_at: failedAt, deliveries, reason, entry: fields };
    process.stdout.write(`${JSON.stringify(shown)}\n`);
  }
}

async function redriveAll(redis: RedisConnection, { REDIS_STREAM: stream }: Config, limit = Infinity) {
  const done = { put_back: 0, left: 0 };
  for await (const dead of eachDead(redis, stream)) {
    if (done.put_back >= limit) break;
    if (await redis.run((client) => redrive(client, stream, dead))) done.put_back += 1;
    else done.left += 1;
  }
  process.stdout.write(`${JSON.stringify({ stream, ...done })}\n`);
}

/** Dead letters that existed at the start: one that fails again in the meantime is not visited twice. */
async function* eachDead(redis: RedisConnection, stream: string): AsyncIterable<DeadLetter> {
  const end = systemClock.now();
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const from: string = after;
    const { letters, last } = await redis.run((client) => deadLetters(client, stream, PAGE, from));
    for (const dead of letters) {
      if (Number.parseInt(dead.id, 10) > end) return;
      yield dead;
    }
    after = last;
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is not a whole number above 0.');
  return value;
}
