import type { EpochMs } from '../../../shared/grid/units.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { isTooMuch } from './prometheus-client.ts';

/** Longest time between two scrapes of Prometheus that still gives samples: its own look-back, and a little. */
export const MAX_GAP_MS = 330_000;
/** Largest part of the past that is read in one query for each exporter. */
const WINDOW_MS = 3_600_000;
const SHORTEST_WINDOW_MS = 60_000;
/** Prometheus makes samples visible a moment after the scrape. */
const VISIBLE_AFTER_MS = 5_000;

/** What the windows are of. */
export interface RecordedWindowsOptions {
  readonly clock: Clock;
  /** How much of the past is read when the store is empty. */
  readonly backfillMs: number;
  /** End of the newest sample that the store has; undefined when it has none. */
  readonly lastMeasurement: () => Promise<EpochMs | undefined>;
  /** Reads one window. */
  readonly read: (from: number, until: number, signal: AbortSignal) => Promise<void>;
}

/** Reads what a Prometheus recorded piece by piece until now, in shorter pieces where its limits ask for it. */
export class RecordedWindows {
  readonly #options: RecordedWindowsOptions;
  /** Everything up to here has been read. */
  #position: number | undefined;
  #windowMs = WINDOW_MS;

  constructor(options: RecordedWindowsOptions) {
    this.#options = options;
  }

  /** Reads on, and returns up to when; rejects with the error of a window that could not be read, which is read again next time. */
  async readNew(signal: AbortSignal): Promise<number> {
    this.#position ??= await this.#firstPosition();
    const end = this.#options.clock.now() - VISIBLE_AFTER_MS;
    this.#windowMs = WINDOW_MS;
    while (this.#position < end && !signal.aborted) {
      const until = Math.min(end, this.#position + this.#windowMs);
      if (await this.#reads(this.#position, until, signal)) this.#position = until;
    }
    return end;
  }

  /** Goes on from the newest sample of the store, with what came just before as the baseline; else from the backfill. */
  async #firstPosition(): Promise<number> {
    const { backfillMs, clock, lastMeasurement } = this.#options;
    const newest = await lastMeasurement();
    return Math.max(clock.now() - backfillMs, newest === undefined ? -Infinity : newest - MAX_GAP_MS);
  }

  /** False when the window was too much at once, and the next one will be shorter. */
  async #reads(from: number, until: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.read(from, until, signal);
      return true;
    } catch (error) {
      if (!isTooMuch(error) || this.#windowMs <= SHORTEST_WINDOW_MS) throw error;
      this.#windowMs = Math.max(SHORTEST_WINDOW_MS, Math.min(this.#windowMs, until - from) / 2);
      return false;
    }
  }
}
