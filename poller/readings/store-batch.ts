import { createBackoff } from '../../shared/pacing/backoff.ts';
import { POLLER_ERRORS } from '../errors.ts';
import type { BatchOptions, ReadingDelivery, StreamDelivery } from './batch.ts';

/** A batch after it was written to the store. */
export interface StoredBatch {
  /** Durable readings; `kept` is false for repetitions of one that is there already. */
  readonly kept: readonly (ReadingDelivery & { readonly kept: boolean })[];
  readonly refused: readonly { readonly delivery: StreamDelivery; readonly detail: string }[];
}

const BACKOFF = { initialMs: 200, maxMs: 10_000 };

/**
 * Writes a batch to the store. A store that is away is waited for, however long: that counts against no reading, and
 * they stay this worker's meanwhile. A reading that the store refuses does not hold up the others.
 */
export async function storeReadings(
  options: BatchOptions,
  batch: readonly ReadingDelivery[],
  signal: AbortSignal,
): Promise<StoredBatch> {
  const { clock, logger, metrics } = options;
  const backoff = createBackoff(BACKOFF);
  for (;;) {
    try {
      return await write(options, batch);
    } catch (err) {
      if (signal.aborted) throw err;
      metrics.storeRetries.inc();
      if (backoff.failures === 0)
        logger.error(
          { code: 'READING_BATCH_NOT_STORED', readings: batch.length, err },
          POLLER_ERRORS.READING_BATCH_NOT_STORED.message,
        );
      await clock.sleep(backoff.next(), signal);
      if (signal.aborted) throw err;
      await keepClaimed(options, batch);
    }
  }
}

async function write({ store }: Pick<BatchOptions, 'store'>, batch: readonly ReadingDelivery[]): Promise<StoredBatch> {
  if (batch.length === 0) return { kept: [], refused: [] };
  try {
    const kept = await store.appendReadings(batch.map(({ reading }) => reading));
    return { kept: batch.map((entry, index) => ({ ...entry, kept: kept[index] === true })), refused: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const { delivery } = batch[0] as ReadingDelivery;
    if (batch.length === 1) return { kept: [], refused: [{ delivery, detail: error.message }] };
  }
  const middle = Math.ceil(batch.length / 2);
  const first = await write({ store }, batch.slice(0, middle));
  const second = await write({ store }, batch.slice(middle));
  return { kept: [...first.kept, ...second.kept], refused: [...first.refused, ...second.refused] };
}

/** Renews this worker's claim of its entries, which does not count as a delivery. Best effort. */
async function keepClaimed({ redis, stream, group, consumer }: BatchOptions, batch: readonly ReadingDelivery[]) {
  const ids = batch.map(({ delivery }) => delivery.id);
  await redis.run((client) => client.xClaimJustId(stream, group, consumer, 0, ids)).catch(() => undefined);
}
