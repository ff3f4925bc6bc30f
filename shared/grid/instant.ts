import { z } from 'zod';
import type { EpochMs } from './units.ts';

const WITH_ZONE = /(?:Z|[+-]\d{2}:\d{2})$/;

/** A time as programs write it: ISO 8601, such as `2026-01-01T12:00:00Z` or with an offset; without either it is UTC. */
export const instant = z.iso
  .datetime({
    offset: true,
    local: true,
    error: ({ input }) =>
      input === undefined ? 'is missing' : 'is not a valid time; use a form such as 2026-01-01T12:00:00Z',
  })
  .max(40, 'is not a valid time; use a form such as 2026-01-01T12:00:00Z')
  .transform((text): EpochMs => Date.parse(WITH_ZONE.test(text) ? text : `${text}Z`));

/** The time that a value of a request means; undefined where it is absent or not a time. */
export function instantOf(value: unknown): EpochMs | undefined {
  return instant.safeParse(value).data;
}
