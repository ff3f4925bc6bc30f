import type { Request, Response } from 'express';
import { pathOf } from '../../shared/runtime/http-server.ts';

/** Announces the next page (RFC 8288): the address of the request, relative to the server, with the cursor of the page. */
export function linkToNext(request: Request, response: Response, cursor: string): void {
  const query = new URLSearchParams(Object.entries(request.query as Record<string, string>));
  query.set('cursor', cursor);
  response.setHeader('Link', `<${pathOf(request)}?${query}>; rel="next"`);
}
