import { findRegion } from './regions.ts';
import type { Zone } from './zone.ts';

export type { Zone } from './zone.ts';

const WELL_FORMED = /^[A-Z]{2}(-[A-Z0-9]+)*$/;

/** Codes that are often written for a zone which has another one. */
const MISTAKEN: ReadonlyMap<string, string> = new Map([
  ['US-NY-NYISO', 'US-NY-NYIS'],
  ['US-NYISO', 'US-NY-NYIS'],
  ['US-NY', 'US-NY-NYIS'],
  ['US-TEX-ERCOT', 'US-TEX-ERCO'],
  ['US-ERCOT', 'US-TEX-ERCO'],
  ['US-TX', 'US-TEX-ERCO'],
  ['US-CAISO', 'US-CAL-CISO'],
  ['US-CAL-CAISO', 'US-CAL-CISO'],
  ['US-CA', 'US-CAL-CISO'],
  ['US-PJM', 'US-MIDA-PJM'],
  ['US-VA', 'US-MIDA-PJM'],
  ['US-MISO', 'US-MIDW-MISO'],
  ['US-NE-ISONE', 'US-NE-ISNE'],
  ['US-ISONE', 'US-NE-ISNE'],
  ['US-SPP', 'US-CENT-SWPP'],
  ['US-BPA', 'US-NW-BPAT'],
  ['UK', 'GB'],
]);

/** What a written name means: a zone by its code, by a code that is often mistaken for it, by a cloud region in it, or none. */
export type ParsedZone =
  | { readonly kind: 'zone'; readonly zone: Zone }
  | { readonly kind: 'corrected'; readonly zone: Zone; readonly from: string }
  | { readonly kind: 'region'; readonly zone: Zone; readonly from: string }
  | { readonly kind: 'malformed'; readonly from: string };

/**
 * Reads the name of a zone: its code in any case, a code that is often mistaken for it (`UK`), or a cloud region
 * (`us-east-1`, `aws/eu-west-1`). A well-formed code is a zone, known or not; a region name that providers use for
 * different places is malformed.
 */
export function parseZone(text: string): ParsedZone {
  const from = text.trim();
  const code = from.toUpperCase();
  const meant = MISTAKEN.get(code);
  if (meant !== undefined) return { kind: 'corrected', zone: meant as Zone, from };
  const region = findRegion(from);
  if (region.kind === 'ambiguous') return { kind: 'malformed', from };
  if (region.kind === 'zone' && region.zone !== code) return { kind: 'region', zone: region.zone, from };
  return WELL_FORMED.test(code) ? { kind: 'zone', zone: code as Zone } : { kind: 'malformed', from };
}

/** The zone of a name, see {@link parseZone}; throws a RangeError with the name when it has none. */
export function zone(text: string): Zone {
  const parsed = parseZone(text);
  if (parsed.kind === 'malformed') throw new RangeError(`"${text}" is not a zone code such as DE or US-CAL-CISO`);
  return parsed.zone;
}

/** The ISO 3166 country of a zone: its first two letters. */
export function countryOf(of: Zone): string {
  return of.slice(0, 2);
}
