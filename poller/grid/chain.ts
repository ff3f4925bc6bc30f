import type { Reading } from '../../shared/intensity.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { HOUR_MS, isoTime } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import { type GridProvider, ProviderError, type ProviderFailure } from './provider.ts';

/** What asking for one zone came to. */
export type ZoneOutcome =
  | { readonly zone: Zone; readonly reading: Reading; readonly failures: readonly ProviderFailure[] }
  | { readonly zone: Zone; readonly reading: undefined; readonly failures: readonly ProviderFailure[] };

/** How often and how patiently a provider is asked. */
export interface ChainOptions {
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

/** Asks the providers in order until one gives a plausible reading; a yearly average only stands in for a zone that nobody else covers. */
export async function askChain(options: ChainOptions, zone: Zone, signal: AbortSignal): Promise<ZoneOutcome> {
  const failures: ProviderFailure[] = [];
  for (const provider of options.providers) {
    if (!provider.covers(zone)) continue;
    // An outage must not flip a zone from this hour's value to a yearly one: readers should see it expire.
    if (provider.name === 'yearly-average' && failures.some((failure) => failure.fault !== 'not-covered')) continue;
    try {
      return { zone, reading: await askPatiently(options, provider, zone, signal), failures };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      failures.push(error.failure);
    }
  }
  if (failures.length === 0)
    failures.push({ provider: 'none', zone, fault: 'not-covered', detail: 'no provider covers this zone' });
  return { zone, reading: undefined, failures };
}

async function askPatiently(
  options: ChainOptions,
  provider: GridProvider,
  zone: Zone,
  signal: AbortSignal,
): Promise<Reading> {
  const { clock, attempts, backoffMs, longestPauseMs, random = Math.random, onAnswer } = options;
  for (let attempt = 1; ; attempt++) {
    const started = clock.monotonic();
    const seconds = () => (clock.monotonic() - started) / 1000;
    try {
      const reading = plausible(await provider.latest(zone, signal), clock.now());
      onAnswer?.(provider.name, 'ok', seconds());
      return reading;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      onAnswer?.(provider.name, error.failure.fault, seconds());
      const pause = error.failure.retryAfterMs ?? random() * backoffMs * 2 ** attempt;
      if (!error.retryable || attempt >= attempts || pause > longestPauseMs || signal.aborted) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

function plausible(reading: Reading, now: number): Reading {
  const { zone, provider, datetime, quality } = reading;
  if (datetime > now + FUTURE_LIMIT_MS) {
    throw new ProviderError({
      provider,
      zone,
      fault: 'malformed',
      detail: `the value is dated in the future (${isoTime(datetime)})`,
    });
  }
  if (quality !== 'yearly-average' && datetime < now - AGE_LIMIT_MS) {
    throw new ProviderError({
      provider,
      zone,
      fault: 'no-data',
      detail: `the newest value is of ${isoTime(datetime)}`,
    });
  }
  return reading;
}
