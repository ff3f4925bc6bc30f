import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IntensityWriter, PowerWriter } from '../../records/power.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { SpoolEntry } from './entry.ts';
import type { Spool } from './spool.ts';

/** What delivers needs: spools to empty in order, and where to. */
export interface DeliveryOptions {
  readonly spools: readonly Spool[];
  readonly store: Pick<PowerWriter, 'append'> & Pick<IntensityWriter, 'record'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told after each change of what waits. */
  readonly changed: () => void;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Ticks handed to the store at a time; it may write them together. */
const TICKS_AT_A_TIME = 200;
/** Entries that the store will never take are set aside up to this size. */
const REJECTED_BYTES = 16_777_216;

/** Empties spools into a store, in order, and knows whether the store is away. */
export class SpoolDelivery implements AsyncDisposable {
  readonly #options: DeliveryOptions;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  #wake: () => void = () => {};
  #away = false;
  /** Whether the log's last word was that the store is away. */
  #toldAway = false;
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
      throw new Error(`no answer within ${patienceMs} ms`);
    });
    const written = write();
    // Whoever loses the race may fail later, unheard.
    for (const one of [late, written]) one.catch(() => undefined);
    try {
      await Promise.race([written, late]);
      return true;
    } catch (error) {
      if (isDataFault(error)) throw error;
      this.#lost(error);
      return false;
    } finally {
      over.abort();
    }
  }

  /** True once nothing waits any more: at once, or soon when the store takes what little there is. */
  async drained(patienceMs: number): Promise<boolean> {
    const { spools, clock } = this.#options;
    const left = spools.reduce((sum, spool) => sum + spool.backlog.entries, 0);
    if (left === 0) return true;
    if (left > TICKS_AT_A_TIME) return false;
    const over = new AbortController();
    const empty = new Promise<void>((resolve) => this.#drained.push(resolve));
    await Promise.race([empty, clock.sleep(patienceMs, over.signal)]);
    over.abort();
    return !this.#away && spools.every((spool) => spool.empty);
  }

  /** Tells that something waits. */
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
    const { spools, clock } = this.#options;
    let pause = FIRST_PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      const full = spools.find((spool) => !spool.empty);
      if (full === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (spools.some((spool) => !spool.empty) || this.#stop.signal.aborted) resolve();
        });
        continue;
      }
      try {
        await this.#abandonable(full.deliver((entries) => this.#take(full, entries)));
        pause = FIRST_PAUSE_MS;
        this.#found(spools.every((spool) => spool.empty));
      } catch (error) {
        this.#lost(error);
        await clock.sleep(pause, this.#stop.signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
      this.#options.changed();
    }
  }

  /** Lets go of a delivery when the process stops: what it was about stays on disk. */
  async #abandonable(delivery: Promise<unknown>): Promise<void> {
    delivery.catch(() => undefined);
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    this.#stop.signal.addEventListener('abort', stop);
    await Promise.race([delivery, stopped.promise]).finally(() => this.#stop.signal.removeEventListener('abort', stop));
  }

  async #take(spool: Spool, entries: readonly SpoolEntry[]): Promise<void> {
    const { store } = this.#options;
    for (let from = 0; from < entries.length; from += TICKS_AT_A_TIME) {
      const some = entries.slice(from, from + TICKS_AT_A_TIME);
      const ticks = some.filter((entry) => entry.kind === 'power');
      const outcomes = await Promise.allSettled(ticks.map(({ tick }) => store.append(tick)));
      for (const [index, outcome] of outcomes.entries())
        if (outcome.status === 'rejected') await this.#refused(spool, ticks[index] as SpoolEntry, outcome.reason);
      for (const entry of some) {
        if (entry.kind !== 'intensity') continue;
        await store.record(entry.readings).catch((error: unknown) => this.#refused(spool, entry, error));
      }
    }
  }

  /** Sets an entry aside that the store will never take, so that it does not hold up the others; throws when it may yet be taken. */
  async #refused(spool: Spool, entry: SpoolEntry, error: unknown): Promise<void> {
    if (!isDataFault(error)) throw error;
    const path = join(spool.folder, 'refused.ndjson');
    const size = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (size < REJECTED_BYTES) await appendFile(path, `${JSON.stringify(entry)}\n`);
    this.#options.logger.error(
      { err: error, kind: entry.kind, file: path },
      'the store refuses an entry of the spool; it is set aside',
    );
  }

  #lost(error: unknown): void {
    this.#away = true;
    this.#release();
    if (this.#toldAway) return;
    this.#toldAway = true;
    this.#options.logger.error({ err: error }, 'the store cannot be reached; writes are kept on disk');
  }

  #release(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #found(empty: boolean): void {
    this.#away = false;
    if (!empty) return;
    this.#release();
    if (!this.#toldAway) return;
    this.#toldAway = false;
    this.#options.logger.info({}, 'the store is back; everything kept on disk is delivered');
  }
}

function isDataFault(error: unknown): boolean {
  return error instanceof RangeError || (error as { kind?: unknown } | null)?.kind === 'data';
}
