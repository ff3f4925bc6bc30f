import type { z } from 'zod';

/** One response of a method: its meaning, and its body by media type. */
export interface OperationResponse {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Media types; absent: JSON. */
  readonly types?: readonly string[];
  /** Absent: 200. */
  readonly status?: number;
}

/** One method of one path, as the API's description shows it: plain data, made without anything that handles requests. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Express' notation: `/sites/:site_id`. */
  readonly path: string;
  /** Served without a token, and exempt from the rate limit. */
  readonly open?: boolean;
  /** Its response may be as large as the store: only some are sent at once. */
  readonly isExport?: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Query parameters. */
  readonly query?: z.ZodObject;
  /** Parameters in the path. */
  readonly params?: z.ZodObject;
  /** Request headers with a meaning of their own. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Media types of the body; absent: JSON. */
  readonly bodyTypes?: readonly string[];
  /** The response to a request that succeeds. */
  readonly response: OperationResponse;
  /** Further responses with a schema of their own, by status. */
  readonly further?: Readonly<Record<number, OperationResponse>>;
  /** Problems beside 400, 401, 429, 500 and 503, by status. */
  readonly errors?: Readonly<Record<number, string>>;
}
