import type { IntensitySample } from '../../shared/grid/intensity.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PollerMetrics } from '../metrics.ts';
import type { CacheWriter } from './cache-writer.ts';
import type { Enrichment } from './enrichment.ts';
import type { Failover } from './failover.ts';
import type { History } from './history.ts';
import type { GridProvider } from './provider.ts';
import type { NamedZone } from './zone-names.ts';
import { logFailures, logPrepareFailure, zoneReporter } from './zone-report.ts';

/** What poll cycles of the grid task need. */
export interface PollCycleOptions {
  readonly zones: readonly Zone[];
  /** The names that ZONES gives them. */
  readonly named: readonly NamedZone[];
  readonly providers: readonly GridProvider[];
  readonly failover: Failover;
  readonly cache: CacheWriter;
  readonly history: History;
  readonly enrichment: Enrichment;
  readonly metrics: PollerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The result of a poll cycle. */
export interface PollCycleResult {
  readonly samples: readonly IntensitySample[];
  /** Zones in the document now, with the sample of this cycle or the last good one. */
  readonly written: readonly Zone[];
  /** False when the store could not be written. */
  readonly stored: boolean;
}

/** One poll cycle of the grid task. */
export type PollCycle = (signal: AbortSignal) => Promise<PollCycleResult>;

/** A poll cycle fetches every zone once, writes the cache document first and the history second, then refreshes the enrichment. A zone that fails affects only itself. */
export function createPollCycle(options: PollCycleOptions): PollCycle {
  const { zones, failover, cache, history, enrichment, metrics } = options;
  const fetchedAt = new Map<Zone, EpochMs>();
  const report = zoneReporter(options);
  let failedCycles = 0;
  return async (signal) => {
    await Promise.all(options.providers.map((provider) => prepare(options, provider, signal)));
    // The zone that has waited longest goes first: a tight rate limit then serves all in turn.
    const byWait = [...zones].sort((a, b) => (fetchedAt.get(a) ?? 0) - (fetchedAt.get(b) ?? 0));
    const outcomes = await Promise.all(byWait.map((zone) => failover.latest(zone, signal)));
    const samples = outcomes.map(({ sample }) => sample).filter((sample) => sample !== undefined);
    // The zones that a cancelled cycle did not reach are not missing.
    if (signal.aborted && samples.length === 0) return { samples: [], written: [], stored: true };
    for (const sample of samples) fetchedAt.set(sample.zone, sample.fetchedAt);
    for (const outcome of outcomes) logFailures(options, outcome);
    failedCycles = samples.length > 0 ? 0 : failedCycles + 1;
    metrics.grid.setFailedCycles(failedCycles);
    const written = await cache.write(samples.map(enrichment.withForecast));
    report(outcomes, written);
    history.observe(samples);
    let stored = await history.flush();
    const changed = await enrichment.refresh(samples, signal);
    if (changed) await cache.write(samples.map(enrichment.withForecast));
    if (stored) stored = await history.flush();
    return { samples, written, stored };
  };
}

async function prepare(options: PollCycleOptions, provider: GridProvider, signal: AbortSignal): Promise<void> {
  try {
    await provider.prepare?.(signal);
  } catch (error) {
    // A stop of the poller is not the provider's failure.
    if (!signal.aborted) logPrepareFailure(options.logger, error);
  }
}
