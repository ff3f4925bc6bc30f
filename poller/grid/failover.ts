import type { IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { backoffDelay } from '../../shared/pacing/backoff.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { failureOf, type GridProvider, ProviderError, type ProviderFailure } from './provider.ts';

/** The result of fetching one zone; without a sample when no provider had a usable one. */
export interface ZoneOutcome {
  readonly zone: Zone;
  readonly sample: IntensitySample | undefined;
  readonly failures: readonly ProviderFailure[];
}

/** Which providers are used, and how patiently. */
export interface FailoverOptions {
  /** In order of preference. */
  readonly providers: readonly GridProvider[];
  readonly clock: Clock;
  /** Requests to one provider for one zone in one poll cycle. */
  readonly attempts: number;
  /** Delay after the first failed attempt, in milliseconds; doubled each time, with full jitter. */
  readonly backoffMs: number;
  /** Longest time spent waiting between attempts, in milliseconds, so that a poll cycle ends before the next begins. */
  readonly longestPauseMs: number;
  readonly random?: () => number;
  /** Called after each attempt. */
  readonly onAttempt?: (provider: string, outcome: 'ok' | ProviderFailure['reason'], seconds: number) => void;
}

/** A value that describes a time further ahead is wrong. */
const FUTURE_LIMIT_MS = HOUR_MS;
/** A value older than this is not used as the latest one: some providers lag a day behind. */
const AGE_LIMIT_MS = 26 * HOUR_MS;
/** A measurement older than this is an estimate of the present, and a forecast of a time before is of no use. */
const PRESENT_MS = 3 * HOUR_MS;
/** A provider that does not cover a zone is tried again after this long: plans and catalogues change. */
const NOT_COVERED_MS = HOUR_MS;

/** Providers in order of preference, used as one. */
export interface Failover {
  /** The sample of the first provider that has a plausible one; a yearly average only for a zone that no other provider covers. */
  latest(zone: Zone, signal: AbortSignal): Promise<ZoneOutcome>;
}

/** Makes a failover over providers; it remembers for an hour which provider does not cover which zone. */
export function createFailover(options: FailoverOptions): Failover {
  const { clock } = options;
  const notCoveredUntil = new Map<string, EpochMs>();
  const hadLiveSample = new Set<Zone>();
  const fetchFrom = async (provider: GridProvider, zone: Zone, signal: AbortSignal): Promise<IntensitySample> => {
    const key = `${provider.name} ${zone}`;
    if ((notCoveredUntil.get(key) ?? 0) > clock.now())
      throw notCovered(provider.name, zone, 'not sent: the provider does not cover the zone');
    try {
      return await fetchWithRetries(options, provider, zone, signal);
    } catch (error) {
      if (failureOf(error).reason === 'not-covered') notCoveredUntil.set(key, clock.now() + NOT_COVERED_MS);
      throw error;
    }
  };
  // An outage must not flip a zone from this hour's value to a yearly one: readers should see it expire. A key-less
  // service that was never reached, as where the internet is out of reach, is not an outage; one that limits us is.
  const isOutage = (provider: GridProvider, zone: Zone, { reason }: ProviderFailure) => {
    if (reason === 'not-covered') return false;
    return !provider.keyless || reason === 'rate-limited' || hadLiveSample.has(zone);
  };
  return {
    async latest(zone, signal) {
      const failures: ProviderFailure[] = [];
      let outage = false;
      for (const provider of options.providers) {
        if (!provider.covers(zone)) continue;
        if (provider.name === 'yearly-average' && outage) continue;
        try {
          const sample = await fetchFrom(provider, zone, signal);
          if (sample.quality !== 'yearly-average') hadLiveSample.add(zone);
          return { zone, sample, failures };
        } catch (error) {
          const failure = failureOf(error);
          failures.push(failure);
          outage ||= isOutage(provider, zone, failure);
        }
      }
      if (failures.length === 0) failures.push(notCovered('none', zone, 'no provider covers this zone').failure);
      return { zone, sample: undefined, failures };
    },
  };
}

function notCovered(provider: string, zone: Zone, detail: string): ProviderError {
  return new ProviderError({ provider, zone, reason: 'not-covered', detail });
}

/** Retries what may pass; waiting for a provider that was not even sent a request does not use up an attempt. */
async function fetchWithRetries(
  options: FailoverOptions,
  provider: GridProvider,
  zone: Zone,
  signal: AbortSignal,
): Promise<IntensitySample> {
  const { clock, attempts, backoffMs, longestPauseMs, random = Math.random, onAttempt } = options;
  let waitedMs = 0;
  for (let attempt = 0; ; ) {
    const startedAt = clock.monotonic();
    const seconds = () => (clock.monotonic() - startedAt) / 1000;
    try {
      const sample = plausible(await provider.latest(zone, signal), clock.now());
      onAttempt?.(provider.name, 'ok', seconds());
      return sample;
    } catch (error) {
      const { reason, retryAfterMs, throttled } = failureOf(error);
      onAttempt?.(provider.name, reason, seconds());
      if (!throttled) attempt += 1;
      const own = backoffDelay(attempt, { initialMs: backoffMs, maxMs: longestPauseMs, jitter: 1, random });
      const pauseMs = retryAfterMs ?? own;
      waitedMs += pauseMs;
      const retryable = error instanceof ProviderError && error.retryable;
      if (!retryable || attempt >= attempts || waitedMs > longestPauseMs || signal.aborted) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

function plausible(sample: IntensitySample, now: number): IntensitySample {
  const { zone, provider, datetime, quality } = sample;
  if (datetime > now + FUTURE_LIMIT_MS) {
    const detail = `the value is dated in the future (${isoTime(datetime)})`;
    throw new ProviderError({ provider, zone, reason: 'malformed', detail });
  }
  const limitMs = quality === 'forecast' ? PRESENT_MS : AGE_LIMIT_MS;
  if (quality !== 'yearly-average' && datetime < now - limitMs) {
    const detail = `the newest value is of ${isoTime(datetime)}`;
    throw new ProviderError({ provider, zone, reason: 'no-data', detail });
  }
  // Freshness is that of the data, not of the request: a feed that stopped hours ago does not measure the present.
  if (quality === 'measured' && datetime < now - PRESENT_MS)
    return { ...sample, quality: 'estimated', isEstimated: true };
  return sample;
}
