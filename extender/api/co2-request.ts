import { z } from 'zod';
import type { RequestedZone } from '../../shared/emissions/country-intensity.ts';
import { instant } from '../../shared/grid/instant.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import type { RequestIssue } from './problem.ts';
import { timeOrderIssues } from './time-order.ts';

const name = z.string().min(1).max(253);

/** A country (ISO 3166, two letters; UK is GB) or zone code: at most 50 letters, digits and hyphens. */
const codeText = z
  .string({ error: ({ input }) => (input === undefined ? 'is missing' : 'is not text') })
  .regex(/^\s*[A-Za-z]{2}(-[A-Za-z0-9]+)*\s*$/, {
    error: ({ input }) =>
      `"${String(input).slice(0, 50)}" is not a valid country or zone code; use one such as DE or US-CAL-CISO`,
  })
  .max(50, 'is longer than 50 characters');

/** The zone of a code; a cloud region that several providers have in different places is a conflict. */
function zoneOf(text: string, context: z.RefinementCtx): Zone {
  const parsed = parseZone(text);
  if (parsed.kind !== 'malformed') return parsed.zone;
  const message = `"${text.trim()}" is a cloud region of several providers in different zones; write the code of the zone`;
  context.addIssue({ code: 'custom', message, params: { isConflict: true } });
  return z.NEVER;
}

/** A country or zone code, as the zone that it means. */
export const zoneCode = codeText.transform(zoneOf);

/** A country or zone code with the spelling of the client. */
export const requestedZone = codeText.transform(
  (text, context): RequestedZone => ({ code: text.trim(), zone: zoneOf(text, context) }),
);

/** Body of `POST /api/co2-per-container`: a container, countries, and a range or a number of measurements. */
export const co2Request = z
  .strictObject({
    pod: name,
    container: name,
    namespace: name,
    countries: z.array(requestedZone).min(1).max(100),
    start_time: instant.optional(),
    end_time: instant.optional(),
    n: z.int().min(1).max(10_000).optional().describe('The newest measurements, oldest of them first'),
  })
  .meta({
    oneOf: [
      { required: ['n'], not: { anyOf: [{ required: ['start_time'] }, { required: ['end_time'] }] } },
      { required: ['start_time', 'end_time'], not: { required: ['n'] } },
    ],
  });

/** Rules between the fields of {@link co2Request}: a whole range or n, and time that goes forward. */
export function co2RequestIssues(input: Readonly<Record<string, unknown>>): RequestIssue[] {
  const { start_time: start, end_time: end, n } = input;
  const range = start !== undefined || end !== undefined;
  if (range && n !== undefined)
    return [{ pointer: '/n', detail: 'cannot be combined with start_time and end_time; send one or the other' }];
  if (!range && n === undefined) return [{ pointer: '', detail: 'needs either start_time and end_time, or n' }];
  if (!range) return [];
  if (start === undefined) return [{ pointer: '/start_time', detail: 'is missing beside end_time' }];
  if (end === undefined) return [{ pointer: '/end_time', detail: 'is missing beside start_time' }];
  return timeOrderIssues(input);
}
