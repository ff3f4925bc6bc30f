import { isoTime } from '../../shared/grid/units.ts';
import type { MeterReadingsWriter, StoredReading } from '../../shared/records/meter-readings.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { RedisConnection } from '../../shared/runtime/redis.ts';
import { commitEntries, type Finished, type ListBounds, trimFinished } from '../../shared/store/stream/commit.ts';
import { bury } from '../../shared/store/stream/dead-letters.ts';
import { decodeEntry, type StreamEntry, siteList } from '../../shared/store/stream/entry.ts';
import type { ReadingsMetrics } from './readings-metrics.ts';
import { storeReadings } from './store-batch.ts';

/** An entry that was handed to this worker. */
export interface StreamDelivery extends StreamEntry {
  /** How often it was handed to a worker, this time included. */
  readonly deliveries: number;
}

/** What a worker needs to finish entries. */
export interface ConsumeOptions {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly maxDeliveries: number;
  readonly bounds: ListBounds;
  readonly redis: RedisConnection;
  readonly store: MeterReadingsWriter;
  readonly metrics: ReadingsMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Failure {
  readonly delivery: StreamDelivery;
  readonly kind: 'malformed' | 'refused-by-store' | 'list-is-no-list' | 'never-finished';
  readonly reason: string;
}

/**
 * Finishes a batch: store first, then list and acknowledgement in one step, so that a crash anywhere leaves entries
 * that are delivered again and change nothing twice. What fails stays pending, and goes to the dead letters at last.
 */
export async function consumeBatch(
  options: ConsumeOptions,
  deliveries: readonly StreamDelivery[],
  signal: AbortSignal,
): Promise<void> {
  const { redis, stream, metrics, clock } = options;
  const started = clock.monotonic();
  const { good, failures } = sorted(options, deliveries);
  const stored = await storeReadings(options, good, signal);
  failures.push(...stored.refused.map(({ delivery, reason }) => failure(delivery, 'refused-by-store', reason)));
  failures.push(...(await commit(options, stored.kept)));
  for (const failed of failures) await fail(options, failed);
  await redis.ask((client) => trimFinished(client, stream));
  metrics.batchSeconds.observe((clock.monotonic() - started) / 1000);
}

/** An entry with its reading. */
export interface GoodDelivery {
  readonly delivery: StreamDelivery;
  readonly reading: StoredReading;
}

function sorted({ maxDeliveries }: ConsumeOptions, deliveries: readonly StreamDelivery[]) {
  const good: GoodDelivery[] = [];
  const failures: Failure[] = [];
  for (const delivery of deliveries) {
    const decoded = decodeEntry(delivery);
    if (decoded.kind === 'refused') failures.push(failure(delivery, 'malformed', decoded.reason));
    else if (delivery.deliveries <= maxDeliveries) good.push({ delivery, reading: decoded.reading });
    // Nobody lived to say what is wrong with it: it may be what kills the workers.
    else failures.push(failure(delivery, 'never-finished', 'every worker that took it ended before it was done'));
  }
  return { good, failures };
}

async function commit(
  options: ConsumeOptions,
  entries: readonly (GoodDelivery & { kept: boolean })[],
): Promise<Failure[]> {
  const { redis, stream, group, bounds, clock, metrics } = options;
  if (entries.length === 0) return [];
  const finished = entries.map(({ delivery, reading, kept }): Finished => ({ id: delivery.id, reading, kept }));
  const outcomes = await redis.ask((client) =>
    commitEntries(client, { stream, group, now: clock.now() }, finished, bounds),
  );
  const failures: Failure[] = [];
  for (const [index, { delivery, reading, kept }] of entries.entries()) {
    if (outcomes[index] === 'done') metrics.processed.inc({ outcome: kept ? 'stored' : 'repeated' });
    if (outcomes[index] !== 'list-is-no-list') continue;
    const reason = `the key ${siteList(reading.siteId)} in Redis is not a list`;
    failures.push(failure(delivery, 'list-is-no-list', reason));
  }
  return failures;
}

async function fail(options: ConsumeOptions, { delivery, kind, reason }: Failure): Promise<void> {
  const { redis, stream, group, maxDeliveries, metrics, clock, logger } = options;
  metrics.failures.inc({ reason: kind });
  const { id, deliveries } = delivery;
  if (deliveries < maxDeliveries) {
    logger.debug({ id, deliveries, reason }, 'a reading failed and will be tried again');
    return;
  }
  const why = { reason, deliveries, failedAt: isoTime(clock.now()) };
  const buried = await redis.ask((client) => bury(client, { stream, group }, delivery, why));
  if (!buried) return;
  metrics.processed.inc({ outcome: 'dead' });
  logger.warn({ id, deliveries, reason }, 'a reading was given up; carbon readings redrive puts it back');
}

function failure(delivery: StreamDelivery, kind: Failure['kind'], reason: string): Failure {
  return { delivery, kind, reason };
}
