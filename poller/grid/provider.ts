import type { EnergyMix, ForecastPoint, IntensitySample, Signal } from '../../shared/grid/intensity.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';

/** A source of grid data. Every method rejects with a ProviderError and nothing else. */
export interface GridProvider {
  readonly name: string;
  /** True for a service that is used by default, without any setting. */
  readonly keyless?: boolean;
  /** The signal of all its values; absent: average, or what each value says. */
  readonly signal?: Signal;
  /** False when a request for the zone would be pointless; true when the provider may know it. */
  covers(zone: Zone): boolean;
  /** Whether the provider has the zone in its catalogue; undefined while that cannot be found out. Absent: it has no catalogue of its own. */
  knows?(zone: Zone, signal: AbortSignal): Promise<boolean | undefined>;
  /** Discovers what the key has access to; called before each poll cycle, sends at most one request a day. */
  prepare?(signal: AbortSignal): Promise<void>;
  /** The value of the present hour, or the newest that there is. */
  latest(zone: Zone, signal: AbortSignal): Promise<IntensitySample>;
  /** The hours ahead, oldest first; absent where the provider has no forecast. */
  forecast?(zone: Zone, signal: AbortSignal): Promise<ForecastPoint[]>;
  /** Past hours from a time on, by default of the last day, oldest first; fewer where the provider keeps fewer. Absent where it has no history. */
  history?(zone: Zone, signal: AbortSignal, from?: EpochMs): Promise<IntensitySample[]>;
  /** How far back {@link history} reaches, in milliseconds; absent: a day. */
  readonly archiveMs?: number;
  /** The energy mix of an hour; absent where the provider has none, or reports it with the value. */
  energyMix?(zone: Zone, signal: AbortSignal): Promise<{ readonly datetime: EpochMs; readonly mix: EnergyMix }>;
}

/** Why a request failed, by what can be done about it. */
export type ProviderErrorReason = 'auth' | 'not-covered' | 'no-data' | 'rate-limited' | 'unavailable' | 'malformed';

/** Facts about a failed request to a provider. */
export interface ProviderFailure {
  readonly provider: string;
  readonly zone: Zone;
  readonly reason: ProviderErrorReason;
  /** The provider's own message, or what was wrong with its response; never contains a secret. */
  readonly detail: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** True when no request was sent: the circuit is open, a backoff is running, or the rate limit is reached. */
  readonly throttled?: boolean | undefined;
  readonly cause?: unknown;
}

/** A provider did not give a usable response. */
export class ProviderError extends Error {
  readonly failure: ProviderFailure;

  constructor(failure: ProviderFailure) {
    const status = failure.status === undefined ? '' : ` (HTTP ${failure.status})`;
    super(`${failure.provider}: ${failure.zone}: ${failure.reason}${status}: ${failure.detail}`, {
      cause: failure.cause,
    });
    this.name = 'ProviderError';
    this.failure = failure;
  }

  get reason(): ProviderErrorReason {
    return this.failure.reason;
  }

  /** Whether another attempt soon may succeed. */
  get retryable(): boolean {
    const { reason, throttled, retryAfterMs } = this.failure;
    if (throttled && retryAfterMs === undefined) return false;
    return reason === 'rate-limited' || reason === 'unavailable';
  }
}

/** The facts of an error that a provider threw; anything else is a bug and is thrown on. */
export function failureOf(error: unknown): ProviderFailure {
  if (error instanceof ProviderError) return error.failure;
  throw error;
}

/** Rethrows the failure of a request that several zones share as the failure of one of them. */
export function rethrowForZone(zone: Zone): (error: unknown) => never {
  return (error) => {
    throw new ProviderError({ ...failureOf(error), zone });
  };
}
