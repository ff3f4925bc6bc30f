import pLimit from 'p-limit';
import type { HourlyIntensity, Reading } from '../../shared/intensity.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { IntensityWriter } from '../../shared/store/ports.ts';
import { hourOf, isoTime } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import type { PollerMetrics } from '../metrics.ts';
import type { CacheWriter } from './cache-writer.ts';
import { askChain, type ChainOptions, type ZoneOutcome } from './chain.ts';

/** What a round of the grid task needs. */
export interface PollOptions extends ChainOptions {
  readonly zones: readonly Zone[];
  readonly concurrency: number;
  readonly cache: CacheWriter;
  readonly store: IntensityWriter;
  readonly metrics: PollerMetrics;
  readonly logger: Logger;
}

/** What a round came to. */
export interface RoundResult {
  readonly readings: readonly Reading[];
  /** Zones that are in the document now, with this round's reading or the last good one. */
  readonly written: readonly Zone[];
}

/** Asks for every zone once, writes the cache document first and the history second. A zone that fails costs only itself. */
export async function pollOnce(options: PollOptions, signal: AbortSignal): Promise<RoundResult> {
  const limit = pLimit(options.concurrency);
  const outcomes = await Promise.all(options.zones.map((zone) => limit(() => askChain(options, zone, signal))));
  if (signal.aborted) return { readings: [], written: [] };
  for (const outcome of outcomes) report(options, outcome);
  const readings = outcomes.map((outcome) => outcome.reading).filter((reading) => reading !== undefined);
  const written = await options.cache.write(readings);
  tellCache(options, readings, written);
  await options.store.record(readings.filter((reading) => reading.quality !== 'yearly-average').map(toHourly));
  return { readings, written };
}

function report(options: PollOptions, outcome: ZoneOutcome): void {
  const { metrics, logger } = options;
  for (const failure of outcome.failures) {
    const { cause, ...facts } = failure;
    if (outcome.reading === undefined || failure.fault !== 'not-covered')
      logger.warn(facts, 'a grid provider gave no usable answer');
  }
  if (outcome.reading === undefined) return;
  const { zone, provider, signal, quality, carbonIntensity, fetchedAt } = outcome.reading;
  metrics.zoneLastSuccess.set({ zone }, fetchedAt / 1000);
  metrics.intensity.remove({ zone });
  metrics.intensity.set({ zone, provider, signal, quality }, carbonIntensity);
}

function tellCache(options: PollOptions, readings: readonly Reading[], written: readonly Zone[]): void {
  const { metrics, logger, clock, zones } = options;
  metrics.cacheZones.set(written.length);
  const missing = zones.filter((zone) => !written.includes(zone));
  if (written.length === 0) {
    logger.error({ zones }, 'no zone is known: the cache file was not written and the old one is left to expire');
    return;
  }
  metrics.cacheWritten.set(clock.now() / 1000);
  const facts = { zones: written.length, fresh: readings.length, missing, at: isoTime(clock.now()) };
  if (missing.length > 0) logger.warn(facts, 'cache file written without some zones');
  else logger.info(facts, 'cache file written');
}

function toHourly(reading: Reading): HourlyIntensity {
  const { zone, datetime, carbonIntensity, provider, signal, quality } = reading;
  return { zone, hour: hourOf(datetime), carbonIntensity, provider, signal, quality };
}
