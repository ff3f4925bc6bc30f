import type { z } from 'zod';

/** One answer of a method: its meaning, and its body by media type. */
export interface Answer {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Media types; absent: JSON. */
  readonly types?: readonly string[];
}

/** What one method of a path takes and gives, as the API's description tells it. */
export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Query parameters. */
  readonly query?: z.ZodObject;
  /** Parameters in the path. */
  readonly path?: z.ZodObject;
  /** JSON body. */
  readonly body?: z.ZodType;
  readonly answer: Answer;
  /** Error answers beside 400, 401 and 500. */
  readonly errors?: Readonly<Record<number, string>>;
}
