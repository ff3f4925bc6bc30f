import type { Response } from 'express';
import type { z } from 'zod';

/** One fault of a request: where it is (a JSON pointer into the body, or the name of a query parameter) and what it is. */
export interface RequestIssue {
  readonly pointer: string;
  readonly detail: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  413: 'Content too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Service unavailable',
};

/** A request that gets an error answer in the form of RFC 9457, with every fault that was found. */
export class ProblemError extends Error {
  readonly status: number;
  readonly faults: readonly RequestIssue[];

  constructor(status: number, detail: string, faults: readonly RequestIssue[] = []) {
    super(detail);
    this.name = 'ProblemError';
    this.status = status;
    this.faults = faults;
  }
}

/** Sends a problem, with further facts if there are any, unless an answer is already on its way. */
export function sendProblem(response: Response, { status, message, faults }: ProblemError, facts: object = {}): void {
  if (response.headersSent) return void response.destroy();
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail: message };
  // A refused download is no file.
  response.removeHeader('Content-Disposition');
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...body, ...(faults.length > 0 && { errors: faults }), ...facts }));
}

/** Faults of input that a schema refused; names of unknown fields included. */
export function issuesOf(error: z.ZodError): RequestIssue[] {
  return error.issues.flatMap((issue) => {
    const pointer = issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
    return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: 'is not a known field' }));
  });
}

/** Checks input; throws a 400 that lists what the schema and the further rules find. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  further: (input: Readonly<Record<string, unknown>>) => readonly RequestIssue[] = () => [],
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  const record = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const faults = [...(parsed.success ? [] : issuesOf(parsed.error)), ...further(record)];
  if (!parsed.success || faults.length > 0) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    throw new ProblemError(400, `The request has ${count}`, faults);
  }
  return parsed.data;
}
