import { z } from 'zod';
import { parseZone } from '../../shared/grid/zones.ts';
import { instant } from './instant.ts';
import type { RequestIssue } from './problem.ts';

const name = z.string().min(1).max(253);

const codeText = z.string({ error: ({ input }) => (input === undefined ? 'is missing' : 'is not text') });

/** A country (ISO 3166, two letters) or zone code, as the user writes it. */
export const zoneCode = codeText.transform((text, context) => {
  const parsed = parseZone(text);
  if (parsed.kind !== 'malformed') return parsed.zone;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not a valid country or zone code; use one such as DE or US-CAL-CISO`,
  });
  return z.NEVER;
});

/** Body of `POST /api/co2-per-container`: a container, countries, and a range or a number of minutes. */
export const co2Request = z.strictObject({
  pod: name,
  container: name,
  namespace: name,
  countries: z.array(zoneCode).min(1).max(100),
  start_time: instant.optional(),
  end_time: instant.optional(),
  n: z.int().min(1).max(1440).optional(),
});

/** Rules between the fields of {@link co2Request}: a whole range or n, and time that goes forward. */
export function co2RequestIssues(input: Readonly<Record<string, unknown>>): RequestIssue[] {
  const { start_time: start, end_time: end, n } = input;
  const range = start !== undefined || end !== undefined;
  if (range && n !== undefined) return [{ pointer: '/n', detail: 'cannot be combined with start_time and end_time' }];
  if (!range && n === undefined) return [{ pointer: '', detail: 'needs either start_time and end_time, or n' }];
  if (!range) return [];
  if (start === undefined) return [{ pointer: '/start_time', detail: 'is missing beside end_time' }];
  if (end === undefined) return [{ pointer: '/end_time', detail: 'is missing beside start_time' }];
  return Date.parse(String(end)) <= Date.parse(String(start))
    ? [{ pointer: '/end_time', detail: 'is not after start_time' }]
    : [];
}
