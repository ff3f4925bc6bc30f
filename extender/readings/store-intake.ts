import type { MeterReading } from '../../shared/readings/reading.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ReadingsStore, StoredReading } from '../../shared/store/readings-ports.ts';
import { type Intake, IntakeFault, type Taken } from './intake.ts';

/** Readings that one transaction takes at most. */
const BATCH = 5_000;
const RETRY_SECONDS = 5;

interface Waiting {
  readonly readings: readonly StoredReading[];
  readonly done: (taken: Taken[]) => void;
}

/** Takes readings straight into the store: for installations without Redis. */
export function storeIntake(options: { store: ReadingsStore; clock: Clock; logger: Logger }): Intake {
  const { store, clock, logger } = options;
  const number = numbering(clock);
  const numbered = (readings: readonly MeterReading[]) =>
    readings.map((reading): StoredReading => ({ ...reading, streamId: number() }));
  const group = new GroupCommit(async (readings) => {
    await store.appendReadings(readings).catch((error) => {
      throw storeFault(error, logger);
    });
  });
  return {
    take: (readings) => group.add(numbered(readings)),
    async takeOnce(readings, delivery) {
      try {
        return await store.appendReadingsOnce(numbered(readings), delivery);
      } catch (error) {
        throw storeFault(error, logger);
      }
    },
    state: async () => ({ backend: 'store', status: 'ok' }),
    async [Symbol.asyncDispose]() {
      await group.settled();
    },
  };
}

/** Writes what arrives at the same moment in one transaction: a commit costs more than its rows. */
class GroupCommit {
  readonly #write: (readings: readonly StoredReading[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(write: (readings: readonly StoredReading[]) => Promise<void>) {
    this.#write = write;
  }

  add(readings: readonly StoredReading[]): Promise<Taken[]> {
    const { promise, resolve } = Promise.withResolvers<Taken[]>();
    this.#waiting.push({ readings, done: resolve });
    this.#flushing ??= this.#flush();
    return promise;
  }

  async settled(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Requests of the same turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(this.#next());
    this.#flushing = undefined;
  }

  #next(): Waiting[] {
    let count = 0;
    let size = 0;
    while (count < this.#waiting.length && (count === 0 || size < BATCH))
      size += this.#waiting[count++]?.readings.length ?? 0;
    return this.#waiting.splice(0, count);
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(batch.flatMap(({ readings }) => readings));
      for (const { readings, done } of batch) done(readings.map(({ streamId }) => ({ kind: 'taken', streamId })));
    } catch (error) {
      const fault = error as IntakeFault;
      for (const { readings, done } of batch) done(readings.map(() => ({ kind: 'fault', fault })));
    }
  }
}

function storeFault(error: unknown, logger: Logger): IntakeFault {
  logger.error({ err: error }, 'the store takes no readings');
  return new IntakeFault('The store takes no readings now', RETRY_SECONDS, { cause: error });
}

/** Numbers like those of a stream: milliseconds, and a count within them. They never go back. */
function numbering(clock: Clock): () => string {
  let lastMs = 0;
  let count = 0;
  return () => {
    const now = Math.max(lastMs, clock.now());
    count = now === lastMs ? count + 1 : 0;
    lastMs = now;
    return `${now}-${count}`;
  };
}
