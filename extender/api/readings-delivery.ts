import type { MeterReading, MeterReadingIssue, ParsedMeterReading } from '../../shared/records/meter-reading.ts';
import type { KeyedDelivery } from '../../shared/records/meter-readings.ts';
import { extenderError } from '../errors.ts';
import { type Intake, IntakeError } from '../readings/intake.ts';

/** The outcome of one item of a request. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly streamId: string }
  | { readonly kind: 'refused'; readonly issues: readonly MeterReadingIssue[] }
  | { readonly kind: 'unavailable'; readonly error: IntakeError };

/** A delivery with an Idempotency-Key, both as digests. */
export type Once = Pick<KeyedDelivery, 'key' | 'now' | 'expires'> & { readonly fingerprint: string };

/** What is remembered of a delivery beside its stream ids: what was sent, and which items were refused. */
interface Note {
  readonly fingerprint: string;
  readonly refused: readonly (readonly [index: number, issues: readonly MeterReadingIssue[]])[];
  readonly count: number;
}

/** Sends checked items to the intake; one outcome per item, in their order. */
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
    if (next === undefined) throw new Error('the intake returned fewer results than readings');
    return next.kind === 'taken'
      ? { kind: 'accepted', streamId: next.streamId }
      : { kind: 'unavailable', error: next.error };
  });
}

async function deliverOnce(
  intake: Intake,
  checked: readonly ParsedMeterReading[],
  readings: readonly MeterReading[],
  { fingerprint, ...keyed }: Once,
): Promise<Outcome[]> {
  const refused = checked.flatMap((item, index) => (item.kind === 'refused' ? [[index, item.issues] as const] : []));
  const own: Note = { fingerprint, refused, count: checked.length };
  const first = await takeOnce(intake, readings, { ...keyed, note: JSON.stringify(own) });
  if (first instanceof IntakeError)
    return checked.map((item) => (item.kind === 'refused' ? item : { kind: 'unavailable', error: first }));
  const note = JSON.parse(first.note) as Note;
  if (note.fingerprint !== fingerprint) throw extenderError('IDEMPOTENCY_KEY_REUSED', {});
  return outcomesOf(note, first.streamIds);
}

function outcomesOf({ refused, count }: Note, streamIds: readonly string[]): Outcome[] {
  const issues = new Map(refused);
  const ids = streamIds.values();
  return Array.from({ length: count }, (_, index): Outcome => {
    const known = issues.get(index);
    return known ? { kind: 'refused', issues: known } : { kind: 'accepted', streamId: ids.next().value ?? '' };
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
