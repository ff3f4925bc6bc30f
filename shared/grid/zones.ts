/** A grid zone in Electricity Maps' notation, for example `DE` or `US-CAL-CISO`. */
export type Zone = string & { readonly __zone: true };

const WELL_FORMED = /^[A-Z]{2}(-[A-Z0-9]+)*$/;

/** Codes that people get wrong, and the zone that they mean. */
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
  ['UK', 'GB'],
]);

/** What a user's zone code came to: as it is, corrected to another, or not a zone code at all. */
export type ParsedZone =
  | { readonly kind: 'zone'; readonly zone: Zone }
  | { readonly kind: 'corrected'; readonly zone: Zone; readonly from: string }
  | { readonly kind: 'malformed'; readonly from: string };

/** Reads a zone code: trims, upper-cases, corrects well-known mistakes. Unknown but well-formed codes are zones. */
export function parseZone(text: string): ParsedZone {
  const code = text.trim().toUpperCase();
  const meant = MISTAKEN.get(code);
  if (meant !== undefined) return { kind: 'corrected', zone: meant as Zone, from: text.trim() };
  if (!WELL_FORMED.test(code)) return { kind: 'malformed', from: text.trim() };
  return { kind: 'zone', zone: code as Zone };
}

/** A zone code known to be well formed; throws a RangeError that names it otherwise. */
export function zone(text: string): Zone {
  const parsed = parseZone(text);
  if (parsed.kind === 'malformed') throw new RangeError(`"${text}" is not a zone code such as DE or US-CAL-CISO`);
  return parsed.zone;
}

/** The ISO 3166 country of a zone: its first two letters. */
export function countryOf(of: Zone): string {
  return of.slice(0, 2);
}
