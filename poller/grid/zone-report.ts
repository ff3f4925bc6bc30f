import { isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { PollerMetrics } from '../metrics.ts';
import type { ZoneOutcome } from './failover.ts';
import { failureOf } from './provider.ts';
import { type NamedZone, namesOf } from './zone-names.ts';

/** Where the state of zones is reported. */
export interface ZoneReportOptions {
  readonly zones: readonly Zone[];
  /** The names that ZONES gives them. */
  readonly named: readonly NamedZone[];
  readonly metrics: PollerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Logs the failed requests of a zone. A provider that does not cover a zone which another one served is worth a debug line only. */
export function logFailures({ metrics, logger }: ZoneReportOptions, { zone, sample, failures }: ZoneOutcome): void {
  for (const { cause, ...facts } of failures) {
    const expected = sample !== undefined && facts.reason === 'not-covered';
    if (expected) logger.debug(facts, 'a grid provider does not cover the zone');
    else
      logger.warn(
        { code: 'GRID_REQUEST_FAILED', ...facts },
        'request to a grid provider failed; trying the next provider, otherwise keeping the last good value until its TTL',
      );
  }
  if (sample && failures.length > 0) metrics.grid.fallbacks.inc({ zone, provider: sample.provider });
}

/** Logs that the access of a provider's key could not be discovered. */
export function logPrepareFailure(logger: Logger, error: unknown): void {
  const { cause, zone, ...facts } = failureOf(error);
  logger.warn(
    { code: 'GRID_ACCESS_UNKNOWN', ...facts },
    'could not read which zones the key of a grid provider covers; trying every zone',
  );
}

/** Reports what the document contains now in metrics and log; a zone that left it leaves the metrics too. */
export function zoneReporter({ metrics, logger, clock, zones, named }: ZoneReportOptions) {
  const exported = new Map<Zone, Parameters<typeof metrics.intensity.remove>[0]>();
  const remove = (zone: Zone) => {
    const labels = exported.get(zone);
    if (labels) metrics.intensity.remove(labels);
    for (const region of namesOf(named, zone)) metrics.regionIntensity.remove({ region, zone });
    exported.delete(zone);
  };
  return (outcomes: readonly ZoneOutcome[], written: readonly Zone[]): void => {
    let fresh = 0;
    for (const { sample } of outcomes) {
      if (!sample) continue;
      const { zone, provider, signal, quality, carbonIntensity, fetchedAt } = sample;
      fresh += 1;
      remove(zone);
      const labels = { zone, provider, signal, quality };
      exported.set(zone, labels);
      metrics.intensity.set(labels, carbonIntensity);
      for (const region of namesOf(named, zone)) metrics.regionIntensity.set({ region, zone }, carbonIntensity);
      metrics.zoneLastSuccess.set({ zone }, fetchedAt / 1000);
    }
    const missing = zones.filter((zone) => !written.includes(zone));
    for (const zone of missing) remove(zone);
    metrics.cacheZones.set(written.length);
    if (written.length === 0) {
      logger.error(
        { code: 'CACHE_NOT_WRITTEN', zones },
        'no zone has a value: the cache file was not written and the old one will expire; check the grid providers',
      );
      return;
    }
    metrics.cacheWritten.set(clock.now() / 1000);
    const facts = { zones: written.length, fresh, missing, at: isoTime(clock.now()) };
    if (missing.length > 0)
      logger.warn({ code: 'CACHE_INCOMPLETE', ...facts }, 'cache file written without the zones that have no value');
    else logger.info(facts, 'cache file written');
  };
}
