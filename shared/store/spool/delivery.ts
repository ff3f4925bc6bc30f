import { STORE_ERRORS } from '../../errors/store-errors.ts';
import { createBackoff } from '../../pacing/backoff.ts';
import type { IntensityWriter, PowerWriter } from '../../records/power.ts';
import { type Clock, settledUnlessAborted, settledWithin } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Spool, SpooledEntry } from './spool.ts';

/** What delivers needs: the spool to empty, and where to. */
export interface DeliveryOptions {
  readonly spool: Spool;
  readonly store: Pick<PowerWriter, 'append'> & Pick<IntensityWriter, 'record'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BACKOFF = { initialMs: 500, maxMs: 5_000 };
/** Entries handed to the store at a time; it may write them together. */
const BATCH = 200;

/** Empties a spool into a store, in order, and knows whether the store is away. */
export class SpoolDelivery implements AsyncDisposable {
  readonly #options: DeliveryOptions;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  #wake: () => void = () => {};
  #away = false;
  /** Whether the last log line of this kind was that the store is away. */
  #reportedAway = false;
  #reportedFull = false;
  readonly #drained: (() => void)[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#finished = this.#run();
  }

  /** True from a write that failed until a delivery that succeeded. */
  get away(): boolean {
    return this.#away;
  }

  /** Tries a write at once: false when the store cannot be reached within the time. Throws when it refuses the data itself. */
  async reaches(write: () => Promise<void>, patienceMs: number): Promise<boolean> {
    const over = new AbortController();
    const late = this.#options.clock.sleep(patienceMs, over.signal).then(() => {
      throw new Error(`no response within ${patienceMs} ms`);
    });
    const written = write();
    // The one that loses the race may still reject later.
    for (const one of [late, written]) one.catch(() => undefined);
    try {
      await Promise.race([written, late]);
      return true;
    } catch (error) {
      if (isRefusal(error)) throw error;
      this.#lost(error);
      return false;
    } finally {
      over.abort();
    }
  }

  /** True once nothing waits any more: at once, or soon when the store takes what little there is. */
  async drained(patienceMs: number): Promise<boolean> {
    const { spool, clock } = this.#options;
    if (spool.empty) return true;
    if (spool.backlog().entries > BATCH) return false;
    await settledWithin(clock, patienceMs, new Promise<void>((resolve) => this.#drained.push(resolve)));
    return !this.#away && spool.empty;
  }

  /** Announces that something waits. */
  wake(): void {
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#release();
    this.#wake();
    await this.#finished;
  }

  async #run(): Promise<void> {
    const { spool, clock } = this.#options;
    const backoff = createBackoff(BACKOFF);
    while (!this.#stop.signal.aborted) {
      try {
        const waiting = spool.next(BATCH);
        if (waiting.length === 0) {
          await this.#somethingWaits();
          continue;
        }
        await this.#abandonable(this.#take(waiting));
        if (this.#stop.signal.aborted) return;
        backoff.reset();
        this.#remove(waiting.at(-1)?.id ?? 0);
        this.#found(spool.empty);
      } catch (error) {
        this.#lost(error);
        await clock.sleep(backoff.next(), this.#stop.signal);
      }
    }
  }

  #somethingWaits(): Promise<void> {
    const { spool } = this.#options;
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (!spool.empty || this.#stop.signal.aborted) resolve();
    });
  }

  /** A disk that is too full to delete must not hold up what the store takes. */
  #remove(upTo: number): void {
    const { spool, logger } = this.#options;
    try {
      spool.remove(upTo);
      this.#reportedFull = false;
    } catch (err) {
      if (!this.#reportedFull) logger.warn({ code: 'SPOOL_NOT_DELETED', err }, STORE_ERRORS.SPOOL_NOT_DELETED.message);
      this.#reportedFull = true;
    }
  }

  /** Lets go of a delivery when the process stops: its entries stay on disk. */
  async #abandonable(delivery: Promise<unknown>): Promise<void> {
    await settledUnlessAborted(this.#stop.signal, delivery);
  }

  async #take(waiting: readonly SpooledEntry[]): Promise<void> {
    const { store } = this.#options;
    const powers = waiting.flatMap(({ id, entry }) => (entry.kind === 'power' ? [{ id, tick: entry.tick }] : []));
    const outcomes = await Promise.allSettled(powers.map(({ tick }) => store.append(tick)));
    for (const [index, outcome] of outcomes.entries())
      if (outcome.status === 'rejected') this.#refused(powers[index]?.id ?? 0, outcome.reason);
    for (const { id, entry } of waiting)
      if (entry.kind === 'intensity')
        await store.record(entry.readings).catch((error: unknown) => this.#refused(id, error));
  }

  /** Sets an entry aside that the store will never take, so that it does not hold up the others; throws when it may yet be taken. */
  #refused(id: number, error: unknown): void {
    if (!isRefusal(error)) throw error;
    this.#options.spool.setAside(id, 'refused', error instanceof Error ? error.message : String(error));
  }

  #lost(error: unknown): void {
    this.#away = true;
    this.#release();
    if (this.#reportedAway || this.#stop.signal.aborted) return;
    this.#reportedAway = true;
    this.#options.logger.error({ code: 'STORE_UNREACHABLE', err: error }, STORE_ERRORS.STORE_UNREACHABLE.message);
  }

  #release(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #found(empty: boolean): void {
    this.#away = false;
    if (!empty) return;
    this.#release();
    if (!this.#reportedAway) return;
    this.#reportedAway = false;
    this.#options.logger.info({}, 'the store is back; everything kept on disk is delivered');
  }
}

/** Whether the store will never take this data, however often it is sent. */
function isRefusal(error: unknown): boolean {
  return error instanceof RangeError || (error as { kind?: unknown } | null)?.kind === 'data';
}
