import { hostname } from 'node:os';
import { HOUR_MS } from '../../shared/grid/units.ts';
import type { MeterReadingsStore } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { connectRedis, type RedisConnection } from '../../shared/runtime/redis.ts';
import { type RedisError, toRedisError } from '../../shared/runtime/redis-error.ts';
import { sweepConsumers } from '../../shared/store/stream/commit.ts';
import { streamState } from '../../shared/store/stream/state.ts';
import { type ConsumeOptions, consumeBatch } from './consume.ts';
import { claimIdle, ensureGroup, takeNew } from './deliveries.ts';
import type { ReadingsMetrics } from './readings-metrics.ts';
import type { ReadingsConfig } from './settings.ts';

/** What the readings task is given. */
export interface ReadingsTaskOptions {
  readonly config: ReadingsConfig;
  readonly store: MeterReadingsStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ReadingsMetrics;
  /** Told whether readings are being taken, at each change. */
  readonly onState?: (fault: RedisError | undefined) => void;
}

/** Longest wait for new entries; also about how long stopping takes. */
const BLOCK_MS = 1_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 5_000;
/** Workers that were silent for this long and hold nothing leave the group. */
const SILENT_MS = HOUR_MS;

/** Takes readings from the Redis stream and finishes them, until it is disposed. */
export function startReadingsTask(options: ReadingsTaskOptions): AsyncDisposable {
  const { config, logger, clock } = options;
  const stack = new AsyncDisposableStack();
  const redis = stack.use(connectRedis(config, 'readings', logger));
  // Waiting for entries blocks a connection: it has its own.
  const source = stack.use(connectRedis(config, 'readings-source', logger));
  const consume = consumeOptions(options, redis);
  const worker = new ReadingsWorker(options, consume, source);
  const stop = new AbortController();
  const finished = worker.run(stop.signal);
  const watch = startLoop({
    name: 'readings-watch',
    intervalMs: LOOK_EVERY_MS,
    clock,
    logger,
    task: () => watchStream(options, consume, redis),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([finished, watch[Symbol.asyncDispose]()]);
      await stack.disposeAsync();
    },
  };
}

function consumeOptions(options: ReadingsTaskOptions, redis: RedisConnection): ConsumeOptions {
  const { config, store, clock, logger, metrics } = options;
  return {
    stream: config.REDIS_STREAM,
    group: config.CONSUMER_GROUP,
    consumer: config.CONSUMER_NAME ?? hostname(),
    maxDeliveries: config.MAX_DELIVERIES,
    bounds: { maxItems: config.SITE_READINGS_MAX_ITEMS, maxAgeMs: config.SITE_READINGS_MAX_AGE_HOURS * HOUR_MS },
    redis,
    store,
    metrics,
    clock,
    logger,
  };
}

/** One worker of the group: takes a batch, finishes it, and looks now and then for what others left behind. */
class ReadingsWorker {
  readonly #options: ReadingsTaskOptions;
  readonly #consume: ConsumeOptions;
  readonly #source: RedisConnection;
  readonly #idleMs: number;
  #nextClaim = 0;
  /** What was told last: `ok`, or why not. */
  #told: string | undefined;

  constructor(options: ReadingsTaskOptions, consume: ConsumeOptions, source: RedisConnection) {
    this.#options = options;
    this.#consume = consume;
    this.#source = source;
    this.#idleMs = options.config.CLAIM_IDLE_SECONDS * 1000;
  }

  async run(signal: AbortSignal): Promise<void> {
    let ready = false;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; ) {
      try {
        if (!ready) {
          await this.#source.ask((client) => ensureGroup(client, this.#consume));
          // Told at once: the first wait for entries may be long.
          this.#tell(undefined);
        }
        ready = true;
        await this.#round(signal);
        this.#tell(undefined);
        wait = FIRST_WAIT_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(toRedisError(error));
        // The stream may be gone, and the group with it: both are made again.
        ready = false;
        await this.#options.clock.sleep(wait, signal);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#options;
    if (clock.monotonic() >= this.#nextClaim) {
      await this.#claimAll(signal);
      this.#nextClaim = clock.monotonic() + this.#idleMs / 2;
    }
    const blockMs = Math.max(1, Math.min(BLOCK_MS, Math.ceil(this.#idleMs / 2)));
    const taken = await this.#source.ask(
      (client) => takeNew(client, this.#consume, config.READINGS_BATCH, blockMs),
      blockMs + BLOCK_MS * 5,
    );
    if (taken.length > 0) await consumeBatch(this.#consume, taken, signal);
  }

  async #claimAll(signal: AbortSignal): Promise<void> {
    const { config, metrics } = this.#options;
    let start = '0-0';
    do {
      const { next, deliveries } = await this.#source.ask((client) =>
        claimIdle(client, this.#consume, config.READINGS_BATCH, this.#idleMs, start),
      );
      start = next;
      metrics.claimed.inc(deliveries.length);
      if (deliveries.length > 0) await consumeBatch(this.#consume, deliveries, signal);
    } while (start !== '0-0' && !signal.aborted);
  }

  #tell(fault: RedisError | undefined): void {
    const { logger, metrics, onState } = this.#options;
    const told = fault === undefined ? 'ok' : fault.message;
    metrics.connected.set({ consumer: this.#consume.consumer }, fault === undefined ? 1 : 0);
    if (told !== this.#told) {
      const { stream, group, consumer } = this.#consume;
      if (fault === undefined) logger.info({ stream, group, consumer }, 'readings are being processed');
      else
        logger.error({ stream, group, consumer, kind: fault.kind, reason: fault.message }, 'no readings can be taken');
      onState?.(fault);
    }
    this.#told = told;
  }
}

async function watchStream(options: ReadingsTaskOptions, consume: ConsumeOptions, redis: RedisConnection) {
  const { stream, group, consumer } = consume;
  const { metrics } = options;
  // While Redis is away the worker says so; the figures keep their last value.
  const state = await redis.ask((client) => streamState(client, stream, group)).catch(() => undefined);
  if (state === undefined) return;
  metrics.length.set({ stream }, state.length);
  metrics.pending.set({ stream }, state.pending);
  metrics.consumers.set({ stream }, state.consumers);
  metrics.deadLetters.set({ stream }, state.deadLetters);
  if (state.lag === undefined) metrics.lag.remove({ stream });
  else metrics.lag.set({ stream }, state.lag);
  if (state.consumers > 1)
    await redis.ask((client) => sweepConsumers(client, { stream, group, consumer }, SILENT_MS)).catch(() => undefined);
}
