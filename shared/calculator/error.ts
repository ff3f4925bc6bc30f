/** What kind of fault a question to the calculator has. */
export type FaultKind =
  | 'unknown-service'
  | 'unknown-region'
  | 'ambiguous-region'
  | 'bad-number'
  | 'bad-period'
  | 'bad-file'
  | 'no-data';

/** A question that cannot be answered as it was put: one line that names the nearest valid choice. */
export class CalculatorError extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.name = 'CalculatorFault';
    this.kind = kind;
  }
}
