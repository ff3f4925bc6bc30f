import { isoTime } from '../../shared/grid/units.ts';
import { commitEntries, type Finished, trimFinished } from '../../shared/store/stream/commit.ts';
import { deadLetter } from '../../shared/store/stream/dead-letters.ts';
import { decodeEntry, siteList } from '../../shared/store/stream/entry.ts';
import { POLLER_ERRORS } from '../errors.ts';
import type { BatchOptions, ReadingDelivery, StreamDelivery } from './batch.ts';
import { storeReadings } from './store-batch.ts';

interface Failure {
  readonly delivery: StreamDelivery;
  readonly reason: 'malformed' | 'refused-by-store' | 'not-a-list' | 'never-finished';
  readonly detail: string;
}

/**
 * Processes a batch: store first, then list and acknowledgement in one step, so that a crash anywhere leaves entries
 * that are delivered again and change nothing twice. What fails stays pending, and goes to the dead letters at last.
 */
export async function processBatch(
  options: BatchOptions,
  deliveries: readonly StreamDelivery[],
  signal: AbortSignal,
): Promise<void> {
  const { redis, stream, keep, metrics, clock } = options;
  const started = clock.monotonic();
  const { valid, failures } = decoded(options, deliveries);
  const stored = await storeReadings(options, valid, signal);
  failures.push(
    ...stored.refused.map(({ delivery, detail }): Failure => ({ delivery, reason: 'refused-by-store', detail })),
  );
  failures.push(...(await commit(options, stored.kept)));
  for (const failure of failures) await handleFailure(options, failure);
  await redis.run((client) => trimFinished(client, stream, keep));
  metrics.batchSeconds.observe((clock.monotonic() - started) / 1000);
}

function decoded({ maxDeliveries }: BatchOptions, deliveries: readonly StreamDelivery[]) {
  const valid: ReadingDelivery[] = [];
  const failures: Failure[] = [];
  for (const delivery of deliveries) {
    const entry = decodeEntry(delivery);
    if (entry.kind === 'refused') failures.push({ delivery, reason: 'malformed', detail: entry.reason });
    else if (delivery.deliveries <= maxDeliveries) valid.push({ delivery, reading: entry.reading });
    // It may be what kills the workers, none of which lived to report what is wrong with it.
    else
      failures.push({
        delivery,
        reason: 'never-finished',
        detail: 'every worker that took it exited before it was done',
      });
  }
  return { valid, failures };
}

async function commit(
  options: BatchOptions,
  entries: readonly (ReadingDelivery & { kept: boolean })[],
): Promise<Failure[]> {
  const { redis, stream, group, bounds, clock, metrics } = options;
  if (entries.length === 0) return [];
  const finished = entries.map(({ delivery, reading, kept }): Finished => ({ id: delivery.id, reading, kept }));
  const outcomes = await redis.run((client) =>
    commitEntries(client, { stream, group, now: clock.now() }, finished, bounds),
  );
  const failures: Failure[] = [];
  for (const [index, { delivery, reading, kept }] of entries.entries()) {
    if (outcomes[index] === 'done') metrics.processed.inc({ outcome: kept ? 'stored' : 'repeated' });
    if (outcomes[index] !== 'not-a-list') continue;
    const detail = `the key ${siteList(reading.siteId)} in Redis is not a list`;
    failures.push({ delivery, reason: 'not-a-list', detail });
  }
  return failures;
}

async function handleFailure(options: BatchOptions, { delivery, reason, detail }: Failure): Promise<void> {
  const { redis, stream, group, maxDeliveries, metrics, clock, logger } = options;
  metrics.failures.inc({ reason });
  const { id, deliveries } = delivery;
  if (deliveries < maxDeliveries) {
    logger.debug({ id, deliveries, reason, detail }, 'a reading failed and will be tried again');
    return;
  }
  const facts = { reason: detail, deliveries, failedAt: isoTime(clock.now()) };
  const moved = await redis.run((client) => deadLetter(client, { stream, group }, delivery, facts));
  if (!moved) return;
  metrics.processed.inc({ outcome: 'dead' });
  logger.warn(
    { code: 'READING_DEAD_LETTERED', id, deliveries, reason, detail },
    POLLER_ERRORS.READING_DEAD_LETTERED.message,
  );
}
