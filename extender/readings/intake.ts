import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery, RememberedDelivery } from '../../shared/records/meter-readings.ts';

/** Why readings cannot be taken now; the sender may try again later, and nothing is lost or counted twice by it. */
export class IntakeError extends Error {
  readonly retryAfterSeconds: number;

  constructor(detail: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'IntakeError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What became of one reading: taken for good under a number, or not taken. */
export type Taken =
  | { readonly kind: 'taken'; readonly streamId: string }
  | { readonly kind: 'fault'; readonly fault: IntakeError };

/** How readings are taken, and how far their processing is, as /health shows it. */
export type IntakeState = { readonly backend: 'redis' | 'store'; readonly status: string } & Readonly<
  Record<string, string | number | null>
>;

/** Takes checked readings. What it said to have taken survives a crash. */
export interface Intake extends AsyncDisposable {
  /** One outcome for each reading, in their order; never rejects. */
  take(readings: readonly MeterReading[]): Promise<Taken[]>;
  /** Takes all or none, once for a key: a repetition gets what is remembered. Rejects with an IntakeError. */
  takeOnce(readings: readonly MeterReading[], delivery: KeyedDelivery): Promise<RememberedDelivery>;
  /** Never rejects. */
  state(): Promise<IntakeState>;
}
