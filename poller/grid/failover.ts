import type { IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { failureOf, type GridProvider, ProviderError, type ProviderFailure } from './provider.ts';

/** What asking for one zone came to; without a reading when nobody gave a usable one. */
export interface ZoneOutcome {
  readonly zone: Zone;
  readonly reading: IntensitySample | undefined;
  readonly failures: readonly ProviderFailure[];
}

/** How often and how patiently a provider is asked. */
export interface FailoverOptions {
  readonly providers: readonly GridProvider[];
  readonly clock: Clock;
  /** Questions to one provider about one zone in one round. */
  readonly attempts: number;
  /** First pause between two attempts in milliseconds; doubled each time, with full jitter. */
  readonly backoffMs: number;
  /** No pause may be longer, so that a round ends before the next begins. */
  readonly longestPauseMs: number;
  readonly random?: () => number;
  /** Told of every question that was answered or failed. */
  readonly onAnswer?: (provider: string, outcome: 'ok' | ProviderFailure['fault'], seconds: number) => void;
}

/** A value that describes a time further ahead is wrong, whatever the provider says. */
const FUTURE_LIMIT_MS = HOUR_MS;
/** A value older than this is no news: some providers lag a day behind. */
const AGE_LIMIT_MS = 26 * HOUR_MS;
/** A provider that does not know a zone is asked for it again after this long: plans and catalogues change. */
const NOT_COVERED_FOR_MS = HOUR_MS;

/** Asks for zones one after the other or at once, remembering who does not cover what. */
export interface Failover {
  /** Asks the providers in order until one gives a plausible reading; a yearly average only stands in for a zone that nobody else covers. */
  ask(zone: Zone, signal: AbortSignal): Promise<ZoneOutcome>;
}

/** A chain over providers in order of preference. */
export function createFailover(options: FailoverOptions): Failover {
  const { clock } = options;
  const notCoveredUntil = new Map<string, EpochMs>();
  const answeredLive = new Set<Zone>();
  const askOne = async (provider: GridProvider, zone: Zone, signal: AbortSignal): Promise<IntensitySample> => {
    const key = `${provider.name} ${zone}`;
    if ((notCoveredUntil.get(key) ?? 0) > clock.now())
      throw notCovered(provider.name, zone, 'not asked: it said so before');
    try {
      return await askPatiently(options, provider, zone, signal);
    } catch (error) {
      if (failureOf(error).fault === 'not-covered') notCoveredUntil.set(key, clock.now() + NOT_COVERED_FOR_MS);
      throw error;
    }
  };
  return {
    async ask(zone, signal) {
      const failures: ProviderFailure[] = [];
      let outage = false;
      for (const provider of options.providers) {
        if (!provider.covers(zone)) continue;
        if (provider.name === 'yearly-average' && outage) continue;
        try {
          const reading = await askOne(provider, zone, signal);
          if (reading.quality !== 'yearly-average') answeredLive.add(zone);
          return { zone, reading, failures };
        } catch (error) {
          failures.push(failureOf(error));
          // An outage must not flip a zone from this hour's value to a yearly one: readers should see it expire. A
          // key-less service that never answered, as where the internet is out of reach, is no outage.
          const matters = !provider.keyless || answeredLive.has(zone);
          outage ||= matters && failureOf(error).fault !== 'not-covered';
        }
      }
      if (failures.length === 0) failures.push(notCovered('none', zone, 'no provider covers this zone').failure);
      return { zone, reading: undefined, failures };
    },
  };
}

function notCovered(provider: string, zone: Zone, detail: string): ProviderError {
  return new ProviderError({ provider, zone, fault: 'not-covered', detail });
}

async function askPatiently(
  options: FailoverOptions,
  provider: GridProvider,
  zone: Zone,
  signal: AbortSignal,
): Promise<IntensitySample> {
  const { clock, attempts, backoffMs, longestPauseMs, random = Math.random, onAnswer } = options;
  for (let attempt = 1; ; attempt++) {
    const started = clock.monotonic();
    const seconds = () => (clock.monotonic() - started) / 1000;
    try {
      const reading = plausible(await provider.latest(zone, signal), clock.now());
      onAnswer?.(provider.name, 'ok', seconds());
      return reading;
    } catch (error) {
      const { fault, retryAfterMs } = failureOf(error);
      onAnswer?.(provider.name, fault, seconds());
      const pause = retryAfterMs ?? random() * backoffMs * 2 ** attempt;
      const retryable = error instanceof ProviderError && error.retryable;
      if (!retryable || attempt >= attempts || pause > longestPauseMs || signal.aborted) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

function plausible(reading: IntensitySample, now: number): IntensitySample {
  const { zone, provider, datetime, quality } = reading;
  if (datetime > now + FUTURE_LIMIT_MS) {
    const detail = `the value is dated in the future (${isoTime(datetime)})`;
    throw new ProviderError({ provider, zone, fault: 'malformed', detail });
  }
  if (quality !== 'yearly-average' && datetime < now - AGE_LIMIT_MS) {
    const detail = `the newest value is of ${isoTime(datetime)}`;
    throw new ProviderError({ provider, zone, fault: 'no-data', detail });
  }
  return reading;
}
