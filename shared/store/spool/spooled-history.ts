import { STORE_ERRORS } from '../../errors/store-errors.ts';
import type { HourlyIntensity } from '../../grid/intensity.ts';
import type { PowerTick, WritableStore } from '../../records/power.ts';
import { refuseBroken } from '../../records/sample-rules.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Backlog } from './backlog.ts';
import { SpoolDelivery } from './delivery.ts';
import type { SpoolEntry } from './entry.ts';
import { takeOverFormerFiles } from './former-files.ts';
import { Spool } from './spool.ts';

/** What a spool in front of a history needs. */
export interface SpooledHistoryOptions {
  /** Folder of the spool. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A history whose writes are kept on disk while it cannot be reached. */
export type SpooledHistory = WritableStore &
  AsyncDisposable & {
    /** What waits for the history, and what was dropped or set aside. */
    backlog(): Backlog;
  };

/** A write that takes longer than this waits on disk instead; the store may still finish it, and counts it once. */
const PATIENCE_MS = 5_000;
/** Shortest time between two log lines about dropped entries, in milliseconds. */
const DROP_LINES_MS = 60_000;

/**
 * Puts a spool in front of a history. A write resolves when it is in the history or on disk; what is on disk is
 * delivered in order as soon as the history takes it. Deliveries may repeat after a crash: a repeated write counts once.
 */
export async function spooledHistory(store: WritableStore, options: SpooledHistoryOptions): Promise<SpooledHistory> {
  const { clock, logger } = options;
  const spool = openSpool(options);
  await takeOverFormerFiles(
    options.folder,
    (entry) => spool.push(entry),
    (file) => logger.warn({ code: 'SPOOL_SET_ASIDE', reason: 'damaged', file }, STORE_ERRORS.SPOOL_SET_ASIDE.message),
  );
  const delivery = new SpoolDelivery({ spool, store, clock, logger });
  const write = async (entry: SpoolEntry, direct: () => Promise<void>) => {
    // What came before goes before; a store that is back is waited for, or a busy writer would fill the spool for ever.
    if (!delivery.away && (await delivery.drained(PATIENCE_MS)) && (await delivery.reaches(direct, PATIENCE_MS)))
      return;
    try {
      await spool.push(entry);
    } catch (error) {
      // The disk is full: the store may be back, and order matters less than the data.
      if (await delivery.reaches(direct, PATIENCE_MS)) return;
      throw error;
    }
    delivery.wake();
  };
  return {
    ...store,
    async append(tick: PowerTick) {
      if (tick.samples.length === 0 && tick.scrapedAt === undefined) return;
      for (const sample of tick.samples) refuseBroken(sample);
      await write({ kind: 'power', tick }, () => store.append(tick));
    },
    async record(readings: readonly HourlyIntensity[]) {
      if (readings.length === 0) return;
      await write({ kind: 'intensity', readings }, () => store.record(readings));
    },
    backlog: () => spool.backlog(),
    async [Symbol.asyncDispose]() {
      await delivery[Symbol.asyncDispose]();
      spool[Symbol.dispose]();
    },
  };
}

function openSpool({ folder, maxBytes, clock, logger }: SpooledHistoryOptions): Spool {
  let dropped = 0;
  let nextLine = Number.NEGATIVE_INFINITY;
  return new Spool({
    folder,
    maxBytes,
    clock,
    onDropped: (count) => {
      dropped += count;
      if (clock.monotonic() < nextLine) return;
      logger.warn({ code: 'SPOOL_FULL', dropped, maxBytes }, STORE_ERRORS.SPOOL_FULL.message);
      dropped = 0;
      nextLine = clock.monotonic() + DROP_LINES_MS;
    },
    onSetAside: (reason, detail) =>
      logger.error({ code: 'SPOOL_SET_ASIDE', reason, detail }, STORE_ERRORS.SPOOL_SET_ASIDE.message),
  });
}
