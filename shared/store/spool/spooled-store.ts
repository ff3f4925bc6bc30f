import type { HourlyIntensity } from '../../grid/intensity.ts';
import type { IntensityWriter, PowerTick, PowerWriter, WritableStore } from '../../records/power.ts';
import { refuseBroken } from '../../records/sample-rules.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { backlogTeller } from './backlog-file.ts';
import { SpoolDelivery } from './delivery.ts';
import type { SpoolEntry } from './entry.ts';
import { openSpools } from './open-spools.ts';
import type { Backlog } from './spool.ts';

/** What a spool in front of a store needs. */
export interface SpoolOptions {
  /** Folder of the spool files. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told after each change what waits. */
  readonly onChange?: (backlog: Backlog) => void;
}

/** A history whose writes are kept on disk while it cannot be reached. */
export type SpooledHistory = WritableStore &
  AsyncDisposable & {
    /** What waits for the store. */
    backlog(): Backlog;
  };

/** A write that takes longer than this waits on disk instead; the store may still finish it, and counts it once. */
const PATIENCE_MS = 5_000;

/**
 * Puts a spool in front of a store. A write resolves when it is in the store or on disk; what is on disk is delivered
 * in order as soon as the store takes it. Deliveries may repeat after a crash: the store counts a repeated write once.
 */
export async function spooledHistory(store: WritableStore, options: SpoolOptions): Promise<SpooledHistory> {
  const { clock, logger } = options;
  const spools = await openSpools(options.folder, options.maxBytes);
  const [own] = spools;
  for (const { damaged } of spools)
    if (damaged.length > 0)
      logger.warn({ files: damaged }, 'spool files end in a torn entry; what is before it is kept');
  const told = spools.map((spool) => backlogTeller(spool));
  const changed = () => {
    options.onChange?.(own.backlog);
    for (const tell of told) void tell();
  };
  const delivery = new SpoolDelivery({ spools, store, clock, logger, changed });
  changed();
  const write = async (entry: SpoolEntry, direct: () => Promise<void>) => {
    // What came before goes before; a store that is back is waited for, or a busy writer would fill the spool for ever.
    if (!delivery.away && (await delivery.drained(PATIENCE_MS)) && (await delivery.reaches(direct, PATIENCE_MS)))
      return;
    await own.push(entry);
    delivery.wake();
    changed();
  };
  return {
    ...reading(store),
    async append(tick: PowerTick) {
      if (tick.samples.length === 0 && tick.scrapedAt === undefined) return;
      for (const sample of tick.samples) refuseBroken(sample);
      await write({ kind: 'power', tick }, () => store.append(tick));
    },
    async record(readings: readonly HourlyIntensity[]) {
      if (readings.length === 0) return;
      await write({ kind: 'intensity', readings }, () => store.record(readings));
    },
    recordLabels: async (pods, now) => store.recordLabels?.(pods, now),
    compact: (now) => store.compact(now),
    forgetBefore: (time) => store.forgetBefore(time),
    backlog: () => own.backlog,
    async [Symbol.asyncDispose]() {
      await delivery[Symbol.asyncDispose]();
      await Promise.all(told.map((tell) => tell()));
      for (const spool of spools) await spool[Symbol.asyncDispose]();
    },
  };
}

function reading(store: WritableStore): Omit<WritableStore, keyof PowerWriter | keyof IntensityWriter> {
  return {
    containers: (filter) => store.containers(filter),
    samples: (filter, range, after) => store.samples(filter, range, after),
    lastBlocks: (filter, blocks) => store.lastBlocks(filter, blocks),
    hourly: (filter, range) => store.hourly(filter, range),
    totals: () => store.totals(),
    podLabels: async () => store.podLabels?.(),
    intensities: (zones, range) => store.intensities(zones, range),
    zones: () => store.zones(),
  };
}
