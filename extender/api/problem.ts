import type { Response } from 'express';
import { z } from 'zod';
import { CodedError, type Fact } from '../../shared/errors/catalogue.ts';
import { PROBLEM_TYPE, problemBody } from '../../shared/runtime/problem.ts';
import { EXTENDER_ERRORS, type ExtenderErrorCode } from '../errors.ts';

/** One issue of a request: where it is (a JSON pointer into the body, or `/` and the name of a parameter) and what it is. */
export interface RequestIssue {
  readonly pointer: string;
  readonly detail: string;
  /**
   * Present: the API's description allows this value, but it contradicts another part of the request, the clock or what
   * is stored, which no schema can say.
   */
  readonly isConflict?: true;
}

/**
 * A request that is refused with every issue that was found in it: with the status of its code, or 409 where the issues
 * are conflicts alone, so that 400 always means a request that the API's description does not allow.
 */
export class RequestIssuesError extends CodedError {
  readonly issues: readonly RequestIssue[];

  constructor(
    issues: readonly RequestIssue[],
    code: ExtenderErrorCode = 'REQUEST_INVALID',
    facts: Readonly<Record<string, Fact>> = {},
  ) {
    const isConflict = issues.length > 0 && issues.every((issue) => issue.isConflict);
    const shown = isConflict ? 'REQUEST_CONFLICTING' : code;
    super(shown, EXTENDER_ERRORS[shown], facts);
    this.issues = issues;
  }
}

/** Sends an error as a problem (RFC 9457), with further members if there are any, unless a response has begun. */
export function sendProblem(response: Response, error: CodedError, members: object = {}): void {
  if (response.headersSent) return void response.destroy();
  const { status = 500, code, message: detail } = error;
  const errors =
    error instanceof RequestIssuesError && error.issues.length > 0 ? { errors: shownIssues(error.issues) } : {};
  // A refused download is not a file.
  response.removeHeader('Content-Disposition');
  response
    .status(status)
    .type(PROBLEM_TYPE)
    .send(problemBody(status, detail, { code, ...errors, ...members }));
}

/** Issues as responses have them. */
export function shownIssues(issues: readonly RequestIssue[]): Pick<RequestIssue, 'pointer' | 'detail'>[] {
  return issues.map(({ pointer, detail }) => ({ pointer, detail }));
}

/** Issues of input that a schema refused; names of unknown fields included. */
export function issuesOf(error: z.ZodError): RequestIssue[] {
  return error.issues.flatMap((issue) => {
    const pointer = issue.path.map((part) => `/${escapedPart(String(part))}`).join('');
    const isConflict = issue.code === 'custom' && issue.params?.isConflict === true;
    if (issue.code !== 'unrecognized_keys')
      return [{ pointer, detail: issue.message, ...(isConflict && { isConflict }) }];
    return issue.keys.map((key) => ({ pointer: `${pointer}/${escapedPart(key)}`, detail: 'is not a known field' }));
  });
}

/**
 * Checks input; throws a RequestIssuesError that lists what the schema and the further rules find. `null` in an optional field is its
 * absence, as many clients write it.
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  further: (input: Readonly<Record<string, unknown>>) => readonly RequestIssue[] = () => [],
): z.output<Schema> {
  const given = withoutNulls(schema, input);
  const parsed = schema.safeParse(given);
  const record = isRecord(given) ? given : {};
  const issues = [...(parsed.success ? [] : issuesOf(parsed.error)), ...further(record)];
  if (!parsed.success || issues.length > 0) throw new RequestIssuesError(issues);
  return parsed.data;
}

function withoutNulls(schema: z.ZodType, input: unknown): unknown {
  if (schema instanceof z.ZodArray && Array.isArray(input))
    return input.map((item) => withoutNulls(schema.element as z.ZodType, item));
  if (!(schema instanceof z.ZodObject) || !isRecord(input)) return input;
  const fields: Readonly<Record<string, z.ZodType | undefined>> = schema.shape;
  return Object.fromEntries(
    Object.entries(input).filter(([name, value]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return value !== null || field === undefined || isNullable(field) || !isOptional(field);
    }),
  );
}

function isNullable(field: z.ZodType): boolean {
  return field.safeParse(null).success;
}

function isOptional(field: z.ZodType): boolean {
  return field.safeParse(undefined).success;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapedPart(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
