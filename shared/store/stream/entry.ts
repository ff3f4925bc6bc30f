import { isoTime } from '../../grid/units.ts';
import {
  type MeterReading,
  type MeterReadingIssue,
  meterReadingJson,
  parseMeterReading,
} from '../../records/meter-reading.ts';
import type { StoredReading } from '../../records/meter-readings.ts';

/** Field by which an entry that was put back names the entry that it was at first. */
export const ORIGIN = 'origin_id';

/** Fields of a stream entry, as text. */
export type EntryFields = Readonly<Record<string, string>>;

/** A stream entry as it was read: its number and its fields. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: EntryFields;
}

/** A stream entry as a reading, or the reason why it is not one. */
export type DecodedEntry =
  | { readonly kind: 'reading'; readonly reading: StoredReading }
  | { readonly kind: 'refused'; readonly reason: string };

const NUMBER = /^\d+(\.\d+)?([eE][-+]?\d+)?$/;
const STREAM_ID = /^\d{1,16}-\d{1,16}$/;

/** A reading as the fields of a stream entry, names and values in turn. */
export function encodeEntry({ siteId, deviceId, watts, timestamp }: MeterReading): string[] {
  const time = isoTime(timestamp);
  return ['site_id', siteId, 'device_id', deviceId, 'power_reading', String(watts), 'timestamp', time];
}

/** Reads an entry, which any program may have written. */
export function decodeEntry({ id, fields }: StreamEntry): DecodedEntry {
  const { [ORIGIN]: origin, power_reading: power, ...names } = fields;
  const value = power !== undefined && NUMBER.test(power) ? Number(power) : power;
  const parsed = parseMeterReading({ ...names, power_reading: value }, 0);
  if (parsed.kind === 'refused') return { kind: 'refused', reason: reasonOf(parsed.issues) };
  const streamId = origin !== undefined && STREAM_ID.test(origin) ? origin : id;
  return { kind: 'reading', reading: { ...parsed.reading, streamId } };
}

/** A reading as an item of its site's list. */
export function listItem(reading: StoredReading): string {
  return JSON.stringify(meterReadingJson(reading));
}

/** The list that holds a site's newest readings. */
export function siteList(siteId: string): string {
  return `site_readings:${siteId}`;
}

function reasonOf(issues: readonly MeterReadingIssue[]): string {
  return issues.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; ');
}
