import { z } from 'zod';
import { type EpochMs, HOUR_MS, watts as toWatts, type Watts } from '../grid/units.ts';

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
  readonly maxAgeMs: number;
}

/** One thing that is wrong with a reading; the pointer is a JSON pointer into it. */
export interface MeterReadingIssue {
  readonly pointer: string;
  readonly detail: string;
}

/** The result of checking an untrusted value. */
export type ParsedMeterReading =
  | { readonly kind: 'reading'; readonly reading: MeterReading }
  | { readonly kind: 'refused'; readonly issues: readonly MeterReadingIssue[] };

/** Largest power that is taken for real, in watts: a gigawatt, more than any data centre. */
export const MAX_READING_WATTS = 1_000_000_000;

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

const missingOr = (detail: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : detail),
});

/** Name of a site or device: letters, digits and . _ : - after a letter or digit, at most 128. */
export const meterId = z
  .string(missingOr('is not text'))
  .regex(ID, 'is not a valid name; use 1 to 128 of A-Z a-z 0-9 . _ : - starting with a letter or digit');

/** A reading as it comes over the wire. */
export const readingInput = z.strictObject({
  site_id: meterId,
  device_id: meterId,
  power_reading: z
    .number(missingOr('is not a finite number of watts'))
    .min(0, 'is below 0 W')
    .max(MAX_READING_WATTS, 'is above 1 GW')
    .describe('Watts'),
  timestamp: z.iso
    .datetime({ offset: true, ...missingOr('is not a valid time; use a form such as 2026-01-01T12:00:00Z') })
    .max(40, 'is not a valid time; use a form such as 2026-01-01T12:00:00Z'),
});

/** Checks a reading as it came over the wire; every issue is named. Without limits any time is taken. */
export function parseMeterReading(input: unknown, now: EpochMs, limits?: SkewLimits): ParsedMeterReading {
  const parsed = readingInput.safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap(issuesOf);
    return { kind: 'refused', issues: limits ? withSkew(issues, input, now, limits) : issues };
  }
  const { site_id: siteId, device_id: deviceId, power_reading, timestamp: text } = parsed.data;
  const timestamp = Date.parse(text);
  const skew = limits && skewIssue(timestamp, now, limits);
  if (skew !== undefined) return { kind: 'refused', issues: [{ pointer: '/timestamp', detail: skew }] };
  return { kind: 'reading', reading: { siteId, deviceId, watts: toWatts(power_reading), timestamp } };
}

/** Issues with that of the time, where it has one that is not among them. */
function withSkew(issues: readonly MeterReadingIssue[], input: unknown, now: EpochMs, limits: SkewLimits) {
  const time = readingInput.shape.timestamp.safeParse((input as { timestamp?: unknown } | null)?.timestamp);
  const detail = time.success ? skewIssue(Date.parse(time.data), now, limits) : undefined;
  return detail === undefined ? issues : [...issues, { pointer: '/timestamp', detail }];
}

function skewIssue(timestamp: EpochMs, now: EpochMs, { maxAheadMs, maxAgeMs }: SkewLimits): string | undefined {
  if (timestamp > now + maxAheadMs) return `lies more than ${maxAheadMs / 1000} s ahead of this server's clock`;
  if (timestamp < now - maxAgeMs) return `is older than the ${maxAgeMs / HOUR_MS} h that are taken`;
  return undefined;
}

function issuesOf(issue: z.core.$ZodIssue): MeterReadingIssue[] {
  const pointer = issue.path.map((part) => `/${String(part)}`).join('');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, 10).map((key) => ({ pointer: `/${shortened(key)}`, detail: 'is not a known field' }));
  if (pointer === '')
    return [{ pointer, detail: 'is not an object with site_id, device_id, power_reading, timestamp' }];
  return [{ pointer, detail: issue.message }];
}

function shortened(key: string): string {
  return key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
