import type { EnergyMix, ForecastPoint, IntensitySample } from '../../shared/grid/intensity.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';

/** A source of grid data. Every method rejects with a ProviderError and nothing else. */
export interface GridProvider {
  readonly name: string;
  /** True for a service that is asked without anybody having configured it. */
  readonly keyless?: boolean;
  /** False when asking for the zone would be pointless; true when the provider may know it. */
  covers(zone: Zone): boolean;
  /** Learns what the key may ask for; called before each round, asks the service at most once a day. */
  prepare?(signal: AbortSignal): Promise<void>;
  /** The value of the present hour, or the newest that there is. */
  latest(zone: Zone, signal: AbortSignal): Promise<IntensitySample>;
  /** The hours ahead, oldest first; absent where the provider has no forecast. */
  forecast?(zone: Zone, signal: AbortSignal): Promise<ForecastPoint[]>;
  /** Past hours, oldest first; absent where the provider has no history. */
  history?(zone: Zone, signal: AbortSignal): Promise<IntensitySample[]>;
  /** What electricity was made of in an hour; absent where the provider does not know or tells it with the value. */
  energyMix?(zone: Zone, signal: AbortSignal): Promise<{ readonly datetime: EpochMs; readonly mix: EnergyMix }>;
}

/** The revision times of a reading from a service that tells none. */
export const NO_REVISIONS = { updatedAt: null, createdAt: null } as const;

/** What went wrong, by what can be done about it. */
export type ProviderErrorReason = 'auth' | 'not-covered' | 'no-data' | 'rate-limited' | 'unavailable' | 'malformed';

/** Facts about a failed question to a provider. */
export interface ProviderFailure {
  readonly provider: string;
  readonly zone: Zone;
  readonly fault: ProviderErrorReason;
  /** What the provider said, or what was wrong with it; never a secret. */
  readonly detail: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** True when nothing was sent: the provider is down, told us to wait, or its budget is used up. */
  readonly notSent?: boolean | undefined;
  readonly cause?: unknown;
}

/** A provider did not give a usable answer. */
export class ProviderError extends Error {
  readonly failure: ProviderFailure;

  constructor(failure: ProviderFailure) {
    const status = failure.status === undefined ? '' : ` (HTTP ${failure.status})`;
    super(`${failure.provider}: ${failure.zone}: ${failure.fault}${status}: ${failure.detail}`, {
      cause: failure.cause,
    });
    this.name = 'ProviderError';
    this.failure = failure;
  }

  /** Whether asking again soon may help. */
  get retryable(): boolean {
    const { fault, notSent, retryAfterMs } = this.failure;
    if (notSent && retryAfterMs === undefined) return false;
    return fault === 'rate-limited' || fault === 'unavailable';
  }
}

/** The failure of an error that a provider threw; anything else is a fault of our own and thrown on. */
export function failureOf(error: unknown): ProviderFailure {
  if (error instanceof ProviderError) return error.failure;
  throw error;
}

/** Makes a failure that several zones share speak of one of them. */
export function asFailureOf(zone: Zone): (error: unknown) => never {
  return (error) => {
    throw new ProviderError({ ...failureOf(error), zone });
  };
}
