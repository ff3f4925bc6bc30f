import type { MeterReadingIssue } from '../../shared/records/meter-reading.ts';
import { extenderError } from '../errors.ts';

/** One item of a body: a value to be checked, or text that is not a value at all. */
export type BodyItem =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly issues: readonly MeterReadingIssue[] };

/** The readings of a body: an object is a single one, an array or NDJSON text a batch. */
export function itemsOf(
  body: unknown,
  isLines: boolean,
): { readonly single: boolean; readonly items: readonly BodyItem[] } {
  if (body === undefined) throw extenderError('BODY_EMPTY', {});
  if (isLines) return { single: false, items: filled(linesOf(String(body))) };
  if (Array.isArray(body)) return { single: false, items: filled(body.map((value) => ({ kind: 'value', value }))) };
  return { single: true, items: [{ kind: 'value', value: body }] };
}

function filled(items: BodyItem[]): BodyItem[] {
  if (items.length > 0) return items;
  throw extenderError('BATCH_EMPTY', {});
}

function linesOf(text: string): BodyItem[] {
  const items: BodyItem[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      items.push({ kind: 'value', value: JSON.parse(line) });
    } catch {
      items.push({ kind: 'refused', issues: [{ pointer: '', detail: 'is not valid JSON' }] });
    }
  }
  return items;
}
