import { z } from 'zod';

/** A time of a request: ISO 8601 with its offset from UTC. */
export const instant = z.iso.datetime({
  offset: true,
  error: 'is not a valid time; use a form such as 2026-01-01T12:00:00Z',
});
