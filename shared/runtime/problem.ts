import { STATUS_CODES } from 'node:http';

/** Media type of {@link problemBody}. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Body of a problem (RFC 9457): the status and its phrase, what happened, and further members such as `code` or `errors`. */
export function problemBody(status: number, detail: string, members: object = {}): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...members });
}
