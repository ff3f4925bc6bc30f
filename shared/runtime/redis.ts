import { setTimeout as wait } from 'node:timers/promises';
import { RUNTIME_ERRORS } from '../errors/runtime-errors.ts';
import { createBackoff } from '../pacing/backoff.ts';
import type { OnCertificate } from './certificates.ts';
import type { Logger } from './logger.ts';
import { makeClient, primaryAddress, type RedisClient, redisFacts, reportsOf } from './redis-client.ts';
import { RedisError, toRedisError } from './redis-error.ts';
import type { RedisConfig } from './redis-settings.ts';

export type { RedisClient } from './redis-client.ts';

/** A connection to the primary that keeps coming back. Commands fail at once while it is away. */
export interface RedisConnection extends AsyncDisposable {
  /** The client of now; another one after each reconnect. */
  readonly client: RedisClient;
  /** Why the connection is away; undefined while it works. */
  error(): RedisError | undefined;
  /** Runs a command, once the first attempt to connect is over; rejects with a RedisError, also when there is no response in time. */
  run<Result>(command: (client: RedisClient) => Promise<Result>, withinMs?: number): Promise<Result>;
}

const RESPONSE_MS = 3_000;
const BACKOFF = { initialMs: 50, maxMs: 2_000 };
/** Errors of a server that is not, or no longer, the one to write to. */
const WRONG_SERVER = /\b(READONLY|MASTERDOWN|LOADING|CLUSTERDOWN)\b/;

/**
 * Starts to connect and returns at once; errors are logged once per change, never with a secret. `onCertificate` is called
 * with the certificates of the server (`redis-server`) and of the sentinel that names it (`redis-sentinel`).
 */
export function connectRedis(
  config: RedisConfig,
  name: string,
  logger: Logger,
  onCertificate?: OnCertificate,
): RedisConnection {
  const connection = new Connection(config, name, logger, onCertificate);
  return connection;
}

class Connection implements RedisConnection {
  readonly #config: RedisConfig;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #onCertificate: OnCertificate | undefined;
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  readonly #finished: Promise<void>;
  #client: RedisClient;
  #error: RedisError | undefined = new RedisError('away', 'not connected yet');
  #logged: string | undefined;
  #leave: (reason: RedisError) => void = () => {};

  constructor(config: RedisConfig, name: string, logger: Logger, onCertificate: OnCertificate | undefined) {
    this.#config = config;
    this.#onCertificate = onCertificate;
    this.#name = name;
    this.#logger = logger;
    this.#client = makeClient({ ...config, REDIS_URL: undefined, REDIS_TLS: false }, name, { host: '', port: 1 });
    this.#finished = this.#keepConnected();
  }

  get client(): RedisClient {
    return this.#client;
  }

  error(): RedisError | undefined {
    return this.#error;
  }

  async run<Result>(command: (client: RedisClient) => Promise<Result>, withinMs = RESPONSE_MS): Promise<Result> {
    try {
      return await within(withinMs, async () => {
        await this.#first.promise;
        if (this.#error !== undefined || !this.#client.isReady) throw this.#error ?? new RedisError('away');
        return command(this.#client);
      });
    } catch (cause) {
      const error = toRedisError(cause);
      // A live connection to the wrong server would stay wrong: the next one looks the name up anew.
      if (WRONG_SERVER.test(error.message)) this.#leave(error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#leave(new RedisError('away', 'closed'));
    if (this.#client.isOpen) this.#client.destroy();
    await this.#finished;
  }

  async #keepConnected(): Promise<void> {
    const backoff = createBackoff(BACKOFF);
    while (!this.#stop.signal.aborted) {
      try {
        await this.#untilLeft(() => backoff.reset());
      } catch (error) {
        this.#broken(error);
      }
      if (this.#client.isOpen) this.#client.destroy();
      await wait(backoff.next(), undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Connects to a server that takes writes, and stays until the connection breaks or turns out to be to the wrong one; always rejects. */
  async #untilLeft(connected: () => void): Promise<never> {
    const left = Promise.withResolvers<never>();
    left.promise.catch(() => undefined);
    const onCertificate = this.#onCertificate;
    const address = await primaryAddress(this.#config, this.#name, onCertificate);
    const client = makeClient(this.#config, this.#name, address, reportsOf(onCertificate, 'redis-server'));
    client.on('error', left.reject);
    client.on('end', () => left.reject(new RedisError('away', 'the connection was closed')));
    this.#leave = left.reject;
    this.#client = client;
    await Promise.race([client.connect(), left.promise]);
    const { role, cluster, evicts } = await redisFacts(client);
    if (cluster) throw new RedisError('cluster');
    if (role !== undefined && role !== 'master') throw new RedisError('away', 'it is a replica, which takes no writes');
    if (evicts !== undefined)
      this.#logger.warn({ code: 'REDIS_MAY_EVICT', policy: evicts }, RUNTIME_ERRORS.REDIS_MAY_EVICT.message);
    this.#error = undefined;
    this.#logged = undefined;
    this.#first.resolve();
    connected();
    this.#logger.info({ connection: this.#name }, 'Redis is connected');
    return await left.promise;
  }

  #broken(error: unknown): void {
    this.#error = toRedisError(error);
    this.#first.resolve();
    if (this.#stop.signal.aborted || this.#logged === this.#error.message) return;
    this.#logged = this.#error.message;
    const { reason, message: detail } = this.#error;
    const fields = { code: 'REDIS_UNAVAILABLE', connection: this.#name, reason, detail };
    this.#logger.error(fields, RUNTIME_ERRORS.REDIS_UNAVAILABLE.message);
  }
}

async function within<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new RedisError('away', `no response within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
