import type { z } from 'zod';

/** One answer of a method: its meaning, and its body by media type. */
export interface OperationResponse {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Media types; absent: JSON. */
  readonly types?: readonly string[];
  /** Absent: 200. */
  readonly status?: number;
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
  /** Headers that mean something to it. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Media types of the body; absent: JSON. */
  readonly bodyTypes?: readonly string[];
  readonly answer: OperationResponse;
  /** Other answers that are no plain problem, by status. */
  readonly further?: Readonly<Record<number, OperationResponse>>;
  /** Error answers beside 400, 401, 429, 500 and 503. */
  readonly errors?: Readonly<Record<number, string>>;
}
