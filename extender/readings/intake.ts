import { CodedError, type Fact } from '../../shared/errors/catalogue.ts';
import type { MeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery, RememberedDelivery } from '../../shared/records/meter-readings.ts';
import { EXTENDER_ERRORS, type ExtenderErrorCode } from '../errors.ts';

/** Readings cannot be taken now; the sender may repeat them later, and nothing is lost or counted twice by it. */
export class IntakeError extends CodedError {
  /** Seconds after which a repetition may succeed. */
  readonly retryAfterSeconds: number;

  constructor(
    code: ExtenderErrorCode,
    retryAfterSeconds: number,
    facts: Readonly<Record<string, Fact>> = {},
    options?: ErrorOptions,
  ) {
    super(code, EXTENDER_ERRORS[code], facts, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The result of taking one reading: durable under the id of its stream entry, or not taken. */
export type Taken =
  | { readonly kind: 'taken'; readonly streamId: string }
  | { readonly kind: 'failed'; readonly error: IntakeError };

/** How readings are taken, and how far their processing is, as /health shows it. */
export type IntakeState = { readonly backend: 'redis' | 'store'; readonly status: string } & Readonly<
  Record<string, string | number | null>
>;

/** Takes checked readings. Those that it reported as taken survive a crash. */
export interface Intake extends AsyncDisposable {
  /** One result for each reading, in their order; never rejects. */
  take(readings: readonly MeterReading[]): Promise<Taken[]>;
  /** Takes all or none, once for a key: a repetition gets the result of the first call. Rejects with an IntakeError. */
  takeOnce(readings: readonly MeterReading[], delivery: KeyedDelivery): Promise<RememberedDelivery>;
  /** Never rejects. */
  state(): Promise<IntakeState>;
}
