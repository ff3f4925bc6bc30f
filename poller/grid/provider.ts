import type { ForecastPoint, Reading } from '../../shared/intensity.ts';
import type { Zone } from '../../shared/zones.ts';

/** A source of grid data. Every method rejects with a ProviderError and nothing else. */
export interface GridProvider {
  readonly name: string;
  /** False when asking for the zone would be pointless; true when the provider may know it. */
  covers(zone: Zone): boolean;
  /** The value of the present hour, or the newest that there is. */
  latest(zone: Zone, signal: AbortSignal): Promise<Reading>;
  /** The hours ahead, oldest first; absent where the provider has no forecast. */
  forecast?(zone: Zone, signal: AbortSignal): Promise<ForecastPoint[]>;
  /** Past hours, oldest first; absent where the provider has no history. */
  history?(zone: Zone, signal: AbortSignal): Promise<Reading[]>;
}

/** What went wrong, by what can be done about it. */
export type ProviderFault = 'auth' | 'not-covered' | 'no-data' | 'rate-limited' | 'unavailable' | 'malformed';

/** Facts about a failed question to a provider. */
export interface ProviderFailure {
  readonly provider: string;
  readonly zone: Zone;
  readonly fault: ProviderFault;
  /** What the provider said, or what was wrong with it; never a secret. */
  readonly detail: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
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
    return this.failure.fault === 'rate-limited' || this.failure.fault === 'unavailable';
  }
}
