import { CodedError, type ErrorEntry, type Fact, type FactsOf } from '../errors/catalogue.ts';
import { SHARED_ERRORS } from '../errors/shared-errors.ts';
import { nearest } from '../grid/nearest.ts';

/** Why a calculation is not possible. */
export type CalculatorReason =
  | 'unknown-service'
  | 'unknown-region'
  | 'ambiguous-region'
  | 'bad-number'
  | 'bad-period'
  | 'bad-file'
  | 'no-data';

/** The calculator's errors of the shared catalogue, each with the reason that programs distinguish. */
const REASONS = {
  INTENSITY_INVALID: 'bad-number',
  INTENSITY_NOT_KNOWN: 'no-data',
  INTENSITY_NOT_RECORDED: 'no-data',
  PERIOD_EMPTY: 'bad-period',
  PERIOD_INCOMPLETE: 'bad-period',
  PERIOD_INVALID: 'bad-period',
  PERIOD_REVERSED: 'bad-period',
  POWER_COVERAGE_LOW: 'no-data',
  POWER_NOT_RECORDED: 'no-data',
  PUE_INVALID: 'bad-number',
  PUE_NOT_KNOWN: 'bad-number',
  RECORD_CONFLICT: 'bad-file',
  REGION_AMBIGUOUS: 'ambiguous-region',
  REGION_UNKNOWN: 'unknown-region',
  REQUESTS_INVALID: 'bad-number',
  RESULT_WITHOUT_PERIOD: 'bad-period',
  SELECTOR_INVALID: 'bad-file',
  SERVICE_FILE_INVALID: 'bad-file',
  SERVICE_FILE_NOT_YAML: 'bad-file',
  SERVICE_FILE_UNREADABLE: 'bad-file',
  SERVICE_UNKNOWN: 'unknown-service',
  DATE_INVALID: 'bad-period',
} as const satisfies Partial<Record<keyof typeof SHARED_ERRORS, CalculatorReason>>;

/** A calculation that is not possible as it was requested: its message names the nearest valid choice. */
export class CalculatorError extends CodedError {
  readonly reason: CalculatorReason;

  constructor(reason: CalculatorReason, code: string, entry: ErrorEntry, facts: Readonly<Record<string, Fact>>) {
    super(code, entry, facts);
    this.name = 'CalculatorError';
    this.reason = reason;
  }

  /** @deprecated The former name of {@link reason}. */
  get kind(): CalculatorReason {
    return this.reason;
  }
}

/** Makes an error of the calculator: a code of the shared catalogue, and exactly the facts that its texts name. */
export function calculatorError<Code extends keyof typeof REASONS>(
  code: Code,
  facts: FactsOf<(typeof SHARED_ERRORS)[Code]>,
): CalculatorError {
  return new CalculatorError(REASONS[code], code, SHARED_ERRORS[code], facts);
}

/** The fact `suggestion` of an error: the closest choice as a question, or nothing where there is none. */
export function suggestionOf(written: string, choices: Iterable<string>): string {
  const close = nearest(written, choices);
  return close === undefined ? '' : `; did you mean "${close}"?`;
}
