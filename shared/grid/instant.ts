import { z } from 'zod';
import type { EpochMs } from './units.ts';

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|([+-]\d\d)(?::?(\d\d))?)?$/i;

/** The form that programs write, of days that every month has: nearly all times have it, and the engine reads it as it is. */
const PLAIN = /^\d{4}-\d\d-(?:[01]\d|2[0-8])T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/** An ISO 8601 time with or without seconds, fractions and zone; without a zone it is UTC. NaN when it is not a time. */
export function parseInstant(text: string): EpochMs {
  if (PLAIN.test(text)) return Date.parse(text);
  const [, year, month, day, time, zone, hours, minutes = '00'] = INSTANT.exec(text.trim()) ?? [];
  // Date.UTC takes the years 0 to 99 for those of the 20th century; the calendar repeats every 400 years.
  const daysInMonth = new Date(Date.UTC(Number(year) + 400, Number(month), 0)).getUTCDate();
  if (time === undefined || Number(day) > daysInMonth) return Number.NaN;
  const offset = zone === undefined || hours === undefined ? 'Z' : `${hours}:${minutes}`;
  return Date.parse(`${year}-${month}-${day}T${time}${offset}`);
}

/** A time of a request, such as `2026-01-01T12:00:00Z` or with an offset; without either it is UTC. */
export const instant = z.iso
  .datetime({
    offset: true,
    local: true,
    error: ({ input }) =>
      input === undefined ? 'is missing' : 'is not a valid time; use a form such as 2026-01-01T12:00:00Z',
  })
  .max(40, 'is not a valid time; use a form such as 2026-01-01T12:00:00Z')
  .transform(parseInstant);

/** The time that a value of a request means; undefined where it is absent or not a time. */
export function instantOf(value: unknown): EpochMs | undefined {
  return instant.safeParse(value).data;
}
