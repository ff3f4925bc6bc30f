import type { IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PollerMetrics } from '../metrics.ts';
import type { CacheWriter } from './cache-writer.ts';
import type { Enrichment } from './enrichment.ts';
import type { Failover, ZoneOutcome } from './failover.ts';
import type { History } from './history.ts';
import { failureOf, type GridProvider } from './provider.ts';

/** What rounds of the grid task need. */
export interface PollCycleOptions {
  readonly zones: readonly Zone[];
  readonly providers: readonly GridProvider[];
  readonly chain: Failover;
  readonly cache: CacheWriter;
  readonly history: History;
  readonly extras: Enrichment;
  readonly metrics: PollerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a round came to. */
export interface PollCycleResult {
  readonly readings: readonly IntensitySample[];
  /** Zones that are in the document now, with this round's reading or the last good one. */
  readonly written: readonly Zone[];
  /** False when the store refused the history. */
  readonly stored: boolean;
}

/** One round of the grid task. */
export type PollCycle = (signal: AbortSignal) => Promise<PollCycleResult>;

/** A round asks for every zone once, writes the cache document first and the history second, then sees to forecasts. A zone that fails costs only itself. */
export function createPollCycle(options: PollCycleOptions): PollCycle {
  const { zones, chain, cache, history, extras, metrics } = options;
  const fetchedAt = new Map<Zone, EpochMs>();
  const tellZones = zoneReporter(options);
  let failedRounds = 0;
  return async (signal) => {
    await Promise.all(options.providers.map((provider) => prepare(options, provider, signal)));
    // The zone that has waited longest goes first: a tight budget then serves all in turn.
    const turns = [...zones].sort((a, b) => (fetchedAt.get(a) ?? 0) - (fetchedAt.get(b) ?? 0));
    const outcomes = await Promise.all(turns.map((zone) => chain.ask(zone, signal)));
    const readings = outcomes.map(({ reading }) => reading).filter((reading) => reading !== undefined);
    // A stopped round has nothing to say about the zones that it did not get to.
    if (signal.aborted && readings.length === 0) return { readings: [], written: [], stored: true };
    for (const reading of readings) fetchedAt.set(reading.zone, reading.fetchedAt);
    for (const outcome of outcomes) tellFailures(options, outcome);
    failedRounds = readings.length > 0 ? 0 : failedRounds + 1;
    metrics.grid.failedRounds.set(failedRounds);
    const written = await cache.write(readings.map(extras.withForecast));
    tellZones(outcomes, written);
    history.observe(readings);
    let stored = await history.flush();
    const changed = await extras.follow(readings, signal);
    if (changed) await cache.write(readings.map(extras.withForecast));
    if (stored) stored = await history.flush();
    return { readings, written, stored };
  };
}

async function prepare(options: PollCycleOptions, provider: GridProvider, signal: AbortSignal): Promise<void> {
  try {
    await provider.prepare?.(signal);
  } catch (error) {
    const { cause, zone, ...facts } = failureOf(error);
    // A stop of the poller is no news about the provider.
    if (signal.aborted) return;
    options.logger.warn(facts, 'what the key of a grid provider may ask for is not known; everything is tried');
  }
}

/** A zone that nobody served is a warning; a zone that another provider served, or that a provider never covered, is none. */
function tellFailures(options: PollCycleOptions, outcome: ZoneOutcome): void {
  const { metrics, logger } = options;
  const { zone, reading, failures } = outcome;
  for (const { cause, ...facts } of failures) {
    const expected = reading !== undefined && facts.fault === 'not-covered';
    if (expected) logger.debug(facts, 'a grid provider does not cover the zone');
    else logger.warn(facts, 'a grid provider gave no usable answer');
  }
  if (reading && failures.length > 0) metrics.grid.fallbacks.inc({ zone, provider: reading.provider });
}

/** Tells metrics and log what the document holds now; a zone that left it leaves the metrics too. */
function zoneReporter(options: PollCycleOptions) {
  const { metrics, logger, clock, zones } = options;
  const shown = new Map<Zone, Parameters<typeof metrics.intensity.remove>[0]>();
  return (outcomes: readonly ZoneOutcome[], written: readonly Zone[]): void => {
    const hide = (zone: Zone) => {
      const labels = shown.get(zone);
      if (labels) metrics.intensity.remove(labels);
      shown.delete(zone);
    };
    let fresh = 0;
    for (const { reading } of outcomes) {
      if (!reading) continue;
      const { zone, provider, signal, quality, carbonIntensity, fetchedAt } = reading;
      fresh += 1;
      hide(zone);
      const labels = { zone, provider, signal, quality };
      shown.set(zone, labels);
      metrics.intensity.set(labels, carbonIntensity);
      metrics.zoneLastSuccess.set({ zone }, fetchedAt / 1000);
    }
    const missing = zones.filter((zone) => !written.includes(zone));
    for (const zone of missing) hide(zone);
    metrics.cacheZones.set(written.length);
    if (written.length === 0) {
      logger.error({ zones }, 'no zone is known: the cache file was not written and the old one is left to expire');
      return;
    }
    metrics.cacheWritten.set(clock.now() / 1000);
    const facts = { zones: written.length, fresh, missing, at: isoTime(clock.now()) };
    if (missing.length > 0) logger.warn(facts, 'cache file written without some zones');
    else logger.info(facts, 'cache file written');
  };
}
