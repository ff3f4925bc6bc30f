import type { ConsumeOptions, GoodDelivery, StreamDelivery } from './consume.ts';

/** A batch after the store has seen it. */
export interface StoredBatch {
  /** Durable readings; `kept` is false for repetitions of one that is there already. */
  readonly kept: readonly (GoodDelivery & { readonly kept: boolean })[];
  readonly refused: readonly { readonly delivery: StreamDelivery; readonly reason: string }[];
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/**
 * Writes a batch to the store. A store that is away is waited for, however long: that is no fault of the readings,
 * and they stay this worker's meanwhile. A reading that the store refuses does not hold up the others.
 */
export async function storeReadings(
  options: ConsumeOptions,
  batch: readonly GoodDelivery[],
  signal: AbortSignal,
): Promise<StoredBatch> {
  const { clock, logger, metrics } = options;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await write(options, batch);
    } catch (error) {
      if (signal.aborted) throw error;
      metrics.storeRetries.inc();
      if (wait === FIRST_WAIT_MS)
        logger.error({ readings: batch.length, err: error }, 'the store takes no readings; they wait');
      await clock.sleep(wait, signal);
      if (signal.aborted) throw error;
      await holdOn(options, batch);
    }
  }
}

async function write({ store }: Pick<ConsumeOptions, 'store'>, batch: readonly GoodDelivery[]): Promise<StoredBatch> {
  if (batch.length === 0) return { kept: [], refused: [] };
  try {
    const kept = await store.appendReadings(batch.map(({ reading }) => reading));
    return { kept: batch.map((entry, index) => ({ ...entry, kept: kept[index] === true })), refused: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const { delivery } = batch[0] as GoodDelivery;
    if (batch.length === 1) return { kept: [], refused: [{ delivery, reason: error.message }] };
  }
  const middle = Math.ceil(batch.length / 2);
  const first = await write({ store }, batch.slice(0, middle));
  const second = await write({ store }, batch.slice(middle));
  return { kept: [...first.kept, ...second.kept], refused: [...first.refused, ...second.refused] };
}

/** Tells Redis that this worker still holds its entries; neither counts as a delivery. Best effort. */
async function holdOn({ redis, stream, group, consumer }: ConsumeOptions, batch: readonly GoodDelivery[]) {
  const ids = batch.map(({ delivery }) => delivery.id);
  await redis.ask((client) => client.xClaimJustId(stream, group, consumer, 0, ids)).catch(() => undefined);
}
