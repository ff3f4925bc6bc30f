import { readFileSync } from 'node:fs';
import { createClient } from 'redis';
import { RUNTIME_ERRORS } from '../errors/runtime-errors.ts';
import type { Logger } from './logger.ts';
import { RedisError, toRedisError } from './redis-error.ts';
import type { RedisConfig } from './redis-settings.ts';

/** A client of node-redis as the project uses it. */
export type RedisClient = ReturnType<typeof makeClient>;

/** A connection that keeps coming back. Commands fail at once while it is away. */
export interface RedisConnection extends AsyncDisposable {
  readonly client: RedisClient;
  /** Why the connection is away; undefined while it works. */
  error(): RedisError | undefined;
  /** Runs a command, once the first attempt to connect is over; rejects with a RedisError, also when there is no response in time. */
  run<Result>(command: (client: RedisClient) => Promise<Result>, withinMs?: number): Promise<Result>;
}

const CONNECT_MS = 5_000;
const RESPONSE_MS = 3_000;
const LONGEST_WAIT_MS = 2_000;
/** Commands that may wait for a response; more would only fill memory while Redis hangs. */
const QUEUE = 50_000;

/** Starts to connect and returns at once; errors are logged once per change, never with a secret. */
export function connectRedis(config: RedisConfig, name: string, logger: Logger): RedisConnection {
  const client = makeClient(config, name);
  let current: RedisError | undefined = new RedisError('away', 'not connected yet');
  let logged: string | undefined;
  const first = Promise.withResolvers<void>();
  const broken = (error: unknown) => {
    current = toRedisError(error);
    first.resolve();
    if (logged === current.message) return;
    logged = current.message;
    const { reason, message: detail } = current;
    logger.error(
      { code: 'REDIS_UNAVAILABLE', connection: name, reason, detail },
      RUNTIME_ERRORS.REDIS_UNAVAILABLE.message,
    );
  };
  client.on('error', broken);
  client.on('ready', () => {
    current = undefined;
    logged = undefined;
    first.resolve();
    logger.info({ connection: name }, 'Redis is connected');
    void warnOfEviction(client, logger);
  });
  client.connect().catch(broken);
  return {
    client,
    error: () => current,
    run: (command, withinMs = RESPONSE_MS) =>
      within(withinMs, async () => {
        await first.promise;
        if (!client.isReady) throw current ?? new RedisError('away');
        return command(client);
      }),
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

async function within<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new RedisError('away', `no response within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    throw toRedisError(error);
  } finally {
    clearTimeout(timer);
  }
}

function makeClient(config: RedisConfig, name: string) {
  const { REDIS_URL: url, REDIS_USERNAME: username, REDIS_PASSWORD: password } = config;
  return createClient({
    RESP: 2,
    name: `carbon-extender-${name}`,
    socket: socketOf(config),
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE,
    // Own deadlines cover the whole way to the response; the client's would only cover its queue, at a price per command.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    ...(url !== undefined && { url }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
}

function socketOf(config: RedisConfig) {
  const common = {
    connectTimeout: CONNECT_MS,
    reconnectStrategy: (retries: number) => Math.min(50 * 2 ** Math.min(retries, 10), LONGEST_WAIT_MS),
  };
  const address = config.REDIS_URL === undefined ? { host: config.REDIS_HOST ?? '', port: config.REDIS_PORT } : {};
  const tls = config.REDIS_URL === undefined ? config.REDIS_TLS : config.REDIS_URL.startsWith('rediss:');
  if (!tls) return { ...common, ...address };
  const ca = config.REDIS_TLS_CA_FILE;
  return { ...common, ...address, tls: true as const, ...(ca !== undefined && { ca: readFileSync(ca) }) };
}

async function warnOfEviction(client: RedisClient, logger: Logger): Promise<void> {
  const memory = await client.info('memory').catch(() => '');
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (limit > 0 && policy !== undefined && policy !== 'noeviction')
    logger.warn({ code: 'REDIS_MAY_EVICT', policy }, RUNTIME_ERRORS.REDIS_MAY_EVICT.message);
}
