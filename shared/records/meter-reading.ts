import { z } from 'zod';
import { instant, instantOf } from '../grid/instant.ts';
import { type EpochMs, HOUR_MS, isoTime, watts as toWatts, type Watts } from '../grid/units.ts';

/** Power that a device (a meter, a PDU, a rack) drew at one moment. Site, device and time together are its natural key. */
export interface MeterReading {
  readonly siteId: string;
  readonly deviceId: string;
  readonly watts: Watts;
  readonly timestamp: EpochMs;
}

/** How far a reading's time may lie from ours. */
export interface SkewLimits {
  readonly maxAheadMs: number;
  /** Infinity: readings may be as old as they like. */
  readonly maxAgeMs: number;
}

/** One thing that is wrong with a reading; the pointer is a JSON pointer into it. */
export interface MeterReadingIssue {
  readonly pointer: string;
  readonly detail: string;
  /** Present: the reading is well-formed, but its time contradicts the clock. */
  readonly isConflict?: true;
}

/** The result of checking an untrusted value. */
export type ParsedMeterReading =
  | { readonly kind: 'reading'; readonly reading: MeterReading }
  | { readonly kind: 'refused'; readonly issues: readonly MeterReadingIssue[] };

/** Largest power that is taken for real, in watts: a gigawatt, more than any data centre. */
export const MAX_READING_WATTS = 1_000_000_000;

/** Characters that have a shape: neither blanks, control characters nor halves of surrogate pairs. */
const VISIBLE = '!-~\\u00a1-\\ud7ff\\ue000-\\uffff';
const NAME = `[${VISIBLE}]([ ${VISIBLE}]{0,126}[${VISIBLE}])?$`;

const missingOr = (detail: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : detail),
});

/** Name of a device: 1 to 128 visible characters, blanks between them included. */
const deviceName = z
  .string(missingOr('is not text'))
  .regex(new RegExp(`^${NAME}`), 'is not a valid name; use 1 to 128 visible characters, with blanks only between them');

/** Name of a site: as that of a device, but for `.` and `..`, which every client drops from the path of a URL. */
export const siteName = z
  .string(missingOr('is not text'))
  .regex(
    new RegExp(`^(?!\\.{1,2}$)${NAME}`),
    'is not a valid name; use 1 to 128 visible characters, with blanks only between them, and not "." or ".."',
  );

/** A reading as it comes over the wire. Fields beside these are ignored: all four are required, so none can be misspelt unnoticed. */
export const readingInput = z.object({
  site_id: siteName,
  device_id: deviceName,
  power_reading: z
    .number(missingOr('is not a finite number of watts'))
    .min(0, 'is below 0 W')
    .max(MAX_READING_WATTS, 'is above 1 GW')
    .describe('Watts'),
  timestamp: instant.describe('UTC where it has no zone'),
});

/** Checks a reading as it came over the wire; every issue is named. Without limits any time is taken. */
export function parseMeterReading(input: unknown, now: EpochMs, limits?: SkewLimits): ParsedMeterReading {
  const parsed = readingInput.safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap(issuesOf);
    return { kind: 'refused', issues: limits ? withSkew(issues, input, now, limits) : issues };
  }
  const { site_id: siteId, device_id: deviceId, power_reading, timestamp } = parsed.data;
  const skew = limits && skewIssue(timestamp, now, limits);
  if (skew !== undefined)
    return { kind: 'refused', issues: [{ pointer: '/timestamp', detail: skew, isConflict: true }] };
  return { kind: 'reading', reading: { siteId, deviceId, watts: toWatts(power_reading), timestamp } };
}

/** Issues with that of the time, where it has one that is not among them. */
function withSkew(issues: readonly MeterReadingIssue[], input: unknown, now: EpochMs, limits: SkewLimits) {
  const time = instantOf((input as { timestamp?: unknown } | null)?.timestamp);
  const detail = time === undefined ? undefined : skewIssue(time, now, limits);
  return detail === undefined ? issues : [...issues, { pointer: '/timestamp', detail }];
}

function skewIssue(timestamp: EpochMs, now: EpochMs, { maxAheadMs, maxAgeMs }: SkewLimits): string | undefined {
  if (timestamp > now + maxAheadMs) return `is more than ${maxAheadMs / 1000} s ahead of this server's clock`;
  if (timestamp < now - maxAgeMs) return `is older than the ${maxAgeMs / HOUR_MS} h that are accepted`;
  return undefined;
}

function issuesOf(issue: z.core.$ZodIssue): MeterReadingIssue[] {
  const pointer = issue.path.map((part) => `/${String(part)}`).join('');
  if (pointer === '')
    return [{ pointer, detail: 'is not an object with site_id, device_id, power_reading, timestamp' }];
  return [{ pointer, detail: issue.message }];
}

/** A stored reading as responses and lists have it. */
export function meterReadingJson({
  siteId,
  deviceId,
  watts,
  timestamp,
  streamId,
}: MeterReading & { streamId: string }) {
  const reading = { site_id: siteId, device_id: deviceId, power_reading: watts, timestamp: isoTime(timestamp) };
  return { ...reading, stream_id: streamId };
}
