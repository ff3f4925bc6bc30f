import { hostname } from 'node:os';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { createBackoff } from '../../shared/pacing/backoff.ts';
import type { MeterReadingsStore } from '../../shared/records/meter-readings.ts';
import type { OnCertificate } from '../../shared/runtime/certificates.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { connectRedis, type RedisConnection } from '../../shared/runtime/redis.ts';
import { type RedisError, toRedisError } from '../../shared/runtime/redis-error.ts';
import { sweepConsumers } from '../../shared/store/stream/commit.ts';
import { streamState } from '../../shared/store/stream/state.ts';
import { POLLER_ERRORS } from '../errors.ts';
import type { BatchOptions } from './batch.ts';
import { processBatch } from './process-batch.ts';
import type { ReadingsMetrics } from './readings-metrics.ts';
import type { ReadingsConfig } from './settings.ts';
import { claimIdle, ensureGroup, takeNew } from './stream.ts';

/** What the readings task needs. */
export interface ReadingsTaskOptions {
  readonly config: ReadingsConfig;
  readonly store: MeterReadingsStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ReadingsMetrics;
  /** Called with the certificate of Redis at each connection over TLS. */
  readonly onCertificate?: OnCertificate;
  /** Called at each change: with the error that keeps readings from being processed, or undefined while they are. */
  readonly onState?: (error: RedisError | undefined) => void;
}

/** Longest wait for new entries; also about how long stopping takes. */
const BLOCK_MS = 1_000;
const BACKOFF = { initialMs: 100, maxMs: 5_000 };
const WATCH_INTERVAL_MS = 5_000;
/** Workers that were silent for this long and hold nothing leave the group. */
const SILENT_MS = HOUR_MS;

/** Takes readings from the Redis stream and finishes them, until it is disposed. */
export function startReadingsTask(options: ReadingsTaskOptions): AsyncDisposable {
  const { config, logger, clock, onCertificate } = options;
  const stack = new AsyncDisposableStack();
  const redis = stack.use(connectRedis(config, 'readings', logger, onCertificate));
  // Waiting for entries blocks a connection: it has its own.
  const source = stack.use(connectRedis(config, 'readings-source', logger));
  const batch = batchOptions(options, redis);
  const worker = new ReadingsWorker(options, batch, source);
  const stop = new AbortController();
  const finished = worker.run(stop.signal);
  const watch = startLoop({
    name: 'readings-watch',
    intervalMs: WATCH_INTERVAL_MS,
    clock,
    logger,
    task: () => watchStream(options, batch, redis),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([finished, watch[Symbol.asyncDispose]()]);
      await stack.disposeAsync();
    },
  };
}

function batchOptions(options: ReadingsTaskOptions, redis: RedisConnection): BatchOptions {
  const { config, store, clock, logger, metrics } = options;
  return {
    stream: config.REDIS_STREAM,
    group: config.CONSUMER_GROUP,
    consumer: config.CONSUMER_NAME ?? hostname(),
    maxDeliveries: config.MAX_DELIVERIES,
    keep: config.REDIS_STREAM_KEEP,
    bounds: { maxItems: config.SITE_READINGS_MAX_ITEMS, maxAgeMs: config.SITE_READINGS_MAX_AGE_HOURS * HOUR_MS },
    redis,
    store,
    metrics,
    clock,
    logger,
  };
}

/** One worker of the group: takes a batch, processes it, and now and then takes over what other workers left behind. */
class ReadingsWorker {
  readonly #options: ReadingsTaskOptions;
  readonly #batch: BatchOptions;
  readonly #source: RedisConnection;
  readonly #idleMs: number;
  #nextClaim = 0;
  /** State that was reported last: `ok`, or the error. */
  #reported: string | undefined;

  constructor(options: ReadingsTaskOptions, batch: BatchOptions, source: RedisConnection) {
    this.#options = options;
    this.#batch = batch;
    this.#source = source;
    this.#idleMs = options.config.CLAIM_IDLE_SECONDS * 1000;
  }

  async run(signal: AbortSignal): Promise<void> {
    let ready = false;
    const backoff = createBackoff(BACKOFF);
    while (!signal.aborted) {
      try {
        if (!ready) {
          await this.#source.run((client) => ensureGroup(client, this.#batch));
          // Reported at once: the first wait for entries may be long.
          this.#report(undefined);
        }
        ready = true;
        await this.#takeAndProcess(signal);
        this.#report(undefined);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#report(toRedisError(error));
        // The stream may be gone, and the group with it: both are made again.
        ready = false;
        await this.#options.clock.sleep(backoff.next(), signal);
      }
    }
  }

  async #takeAndProcess(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#options;
    if (clock.monotonic() >= this.#nextClaim) {
      await this.#claimAll(signal);
      this.#nextClaim = clock.monotonic() + this.#idleMs / 2;
    }
    const blockMs = Math.max(1, Math.min(BLOCK_MS, Math.ceil(this.#idleMs / 2)));
    const taken = await this.#source.run(
      (client) => takeNew(client, this.#batch, config.READINGS_BATCH, blockMs),
      blockMs + BLOCK_MS * 5,
    );
    if (taken.length > 0) await processBatch(this.#batch, taken, signal);
  }

  async #claimAll(signal: AbortSignal): Promise<void> {
    const { config, metrics } = this.#options;
    let start = '0-0';
    do {
      const { next, deliveries } = await this.#source.run((client) =>
        claimIdle(client, this.#batch, config.READINGS_BATCH, this.#idleMs, start),
      );
      start = next;
      metrics.claimed.inc(deliveries.length);
      if (deliveries.length > 0) await processBatch(this.#batch, deliveries, signal);
    } while (start !== '0-0' && !signal.aborted);
  }

  #report(error: RedisError | undefined): void {
    const { logger, metrics, onState } = this.#options;
    const state = error === undefined ? 'ok' : error.message;
    metrics.connected.set({ consumer: this.#batch.consumer }, error === undefined ? 1 : 0);
    if (state !== this.#reported) {
      const { stream, group, consumer } = this.#batch;
      if (error === undefined) logger.info({ stream, group, consumer }, 'readings are being processed');
      else
        logger.error(
          { code: 'READINGS_NOT_PROCESSED', stream, group, consumer, reason: error.reason, detail: error.message },
          POLLER_ERRORS.READINGS_NOT_PROCESSED.message,
        );
      onState?.(error);
    }
    this.#reported = state;
  }
}

async function watchStream(options: ReadingsTaskOptions, batch: BatchOptions, redis: RedisConnection) {
  const { stream, group, consumer } = batch;
  const { metrics } = options;
  // While Redis is away the worker reports it; the figures keep their last value.
  const state = await redis.run((client) => streamState(client, stream, group)).catch(() => undefined);
  if (state === undefined) return;
  metrics.length.set({ stream }, state.length);
  metrics.pending.set({ stream }, state.pending);
  metrics.consumers.set({ stream }, state.consumers);
  metrics.deadLetters.set({ stream }, state.deadLetters);
  if (state.lag === undefined) metrics.lag.remove({ stream });
  else metrics.lag.set({ stream }, state.lag);
  if (state.consumers > 1)
    await redis.run((client) => sweepConsumers(client, { stream, group, consumer }, SILENT_MS)).catch(() => undefined);
}
