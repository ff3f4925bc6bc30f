import type { MeterReading, MeterReadingIssue, ParsedMeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery } from '../../shared/records/meter-readings.ts';
import { type Intake, IntakeError } from '../readings/intake.ts';
import { ProblemError } from './problem.ts';

/** What became of one item of a request. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly streamId: string }
  | { readonly kind: 'refused'; readonly faults: readonly MeterReadingIssue[] }
  | { readonly kind: 'unavailable'; readonly fault: IntakeError };

/** A delivery with an Idempotency-Key, both as digests. */
export type Once = Pick<KeyedDelivery, 'key' | 'now' | 'expires'> & { readonly fingerprint: string };

/** What is remembered of a delivery beside its numbers: what was sent, and which items were refused. */
interface Note {
  readonly fingerprint: string;
  readonly refused: readonly (readonly [index: number, faults: readonly MeterReadingIssue[]])[];
  readonly count: number;
}

/** Hands checked items to the intake; one outcome per item, in their order. */
export async function deliver(
  intake: Intake,
  checked: readonly ParsedMeterReading[],
  once: Once | undefined,
): Promise<Outcome[]> {
  const readings = checked.flatMap((item) => (item.kind === 'reading' ? [item.reading] : []));
  if (once !== undefined && readings.length > 0) return deliverOnce(intake, checked, readings, once);
  const taken = (readings.length > 0 ? await intake.take(readings) : []).values();
  return checked.map((item): Outcome => {
    if (item.kind === 'refused') return item;
    const next = taken.next().value;
    if (next === undefined) throw new Error('the intake gave fewer outcomes than it was given readings');
    return next.kind === 'taken'
      ? { kind: 'accepted', streamId: next.streamId }
      : { kind: 'unavailable', fault: next.fault };
  });
}

async function deliverOnce(
  intake: Intake,
  checked: readonly ParsedMeterReading[],
  readings: readonly MeterReading[],
  { fingerprint, ...keyed }: Once,
): Promise<Outcome[]> {
  const refused = checked.flatMap((item, index) => (item.kind === 'refused' ? [[index, item.faults] as const] : []));
  const own: Note = { fingerprint, refused, count: checked.length };
  const first = await takeOnce(intake, readings, { ...keyed, note: JSON.stringify(own) });
  if (first instanceof IntakeError)
    return checked.map((item) => (item.kind === 'refused' ? item : { kind: 'unavailable', fault: first }));
  const note = JSON.parse(first.note) as Note;
  if (note.fingerprint !== fingerprint)
    throw new ProblemError(422, 'The Idempotency-Key was used before with another body');
  return outcomesOf(note, first.streamIds);
}

function outcomesOf({ refused, count }: Note, streamIds: readonly string[]): Outcome[] {
  const faults = new Map(refused);
  const ids = streamIds.values();
  return Array.from({ length: count }, (_, index): Outcome => {
    const known = faults.get(index);
    return known ? { kind: 'refused', faults: known } : { kind: 'accepted', streamId: ids.next().value ?? '' };
  });
}

async function takeOnce(intake: Intake, ...given: Parameters<Intake['takeOnce']>) {
  try {
    return await intake.takeOnce(...given);
  } catch (error) {
    if (error instanceof IntakeError) return error;
    throw error;
  }
}
