import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { IntakeError, Taken } from './intake.ts';

/** Readings of one flush, at most; a single larger request is not split. */
const MAX_READINGS = 5_000;

interface PendingRequest {
  readonly readings: readonly MeterReading[];
  readonly resolve: (taken: Taken[]) => void;
}

/** Writes readings; one result each, in their order. May reject with an IntakeError, for all of them. */
export type Flush = (readings: readonly MeterReading[]) => Promise<Taken[]>;

/** Flushes what arrives at the same moment together: a commit or a network round trip costs more than the readings in it. */
export class Batcher {
  readonly #write: Flush;
  #pending: PendingRequest[] = [];
  #flushing: Promise<void> | undefined;

  constructor(write: Flush) {
    this.#write = write;
  }

  /** Resolves with the results of these readings; never rejects. */
  take(readings: readonly MeterReading[]): Promise<Taken[]> {
    const { promise, resolve } = Promise.withResolvers<Taken[]>();
    this.#pending.push({ readings, resolve });
    this.#flushing ??= this.#flush();
    return promise;
  }

  /** Resolves once nothing is pending. */
  async flushed(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Requests of the same turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) await this.#flushBatch(this.#nextBatch());
    this.#flushing = undefined;
  }

  #nextBatch(): PendingRequest[] {
    let count = 0;
    let size = 0;
    while (count < this.#pending.length && (count === 0 || size < MAX_READINGS))
      size += this.#pending[count++]?.readings.length ?? 0;
    return this.#pending.splice(0, count);
  }

  async #flushBatch(batch: readonly PendingRequest[]): Promise<void> {
    try {
      const taken = await this.#write(batch.flatMap(({ readings }) => readings));
      let first = 0;
      for (const { readings, resolve } of batch) {
        resolve(taken.slice(first, first + readings.length));
        first += readings.length;
      }
    } catch (caught) {
      const error = caught as IntakeError;
      for (const { readings, resolve } of batch) resolve(readings.map(() => ({ kind: 'failed', error })));
    }
  }
}
