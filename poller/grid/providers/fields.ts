import { z } from 'zod';
import { parseInstant } from '../../../shared/grid/instant.ts';

/** An ISO 8601 time of a foreign body, as milliseconds since 1970; without a zone it is UTC. */
export const instant = z
  .string()
  .transform(parseInstant)
  .refine((time) => !Number.isNaN(time), 'is not a time');
