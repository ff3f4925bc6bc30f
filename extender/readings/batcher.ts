import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { IntakeError, Taken } from './intake.ts';

/** Readings that are handed on at once, at most; a single larger request is not split. */
const MOST = 5_000;

interface Waiting {
  readonly readings: readonly MeterReading[];
  readonly done: (taken: Taken[]) => void;
}

/** Hands readings on; one outcome each, in their order. May reject with an IntakeError, for all of them. */
export type Flush = (readings: readonly MeterReading[]) => Promise<Taken[]>;

/** Gathers what arrives at the same moment: a commit or a round trip costs more than the readings in it. */
export class Batcher {
  readonly #handOn: Flush;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(handOn: Flush) {
    this.#handOn = handOn;
  }

  /** Resolves with the outcomes of these readings; never rejects. */
  take(readings: readonly MeterReading[]): Promise<Taken[]> {
    const { promise, resolve } = Promise.withResolvers<Taken[]>();
    this.#waiting.push({ readings, done: resolve });
    this.#flushing ??= this.#flush();
    return promise;
  }

  /** Resolves once nothing waits any more. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Requests of the same turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#handOnNext(this.#next());
    this.#flushing = undefined;
  }

  #next(): Waiting[] {
    let count = 0;
    let size = 0;
    while (count < this.#waiting.length && (count === 0 || size < MOST))
      size += this.#waiting[count++]?.readings.length ?? 0;
    return this.#waiting.splice(0, count);
  }

  async #handOnNext(batch: readonly Waiting[]): Promise<void> {
    try {
      const taken = await this.#handOn(batch.flatMap(({ readings }) => readings));
      let first = 0;
      for (const { readings, done } of batch) {
        done(taken.slice(first, first + readings.length));
        first += readings.length;
      }
    } catch (error) {
      const fault = error as IntakeError;
      for (const { readings, done } of batch) done(readings.map(() => ({ kind: 'fault', fault })));
    }
  }
}
