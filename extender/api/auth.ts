import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { extenderError } from '../errors.ts';
import { sendProblem } from './problem.ts';

/** Lets through requests with the bearer token, and those to open paths. Takes equally long for every wrong token. */
export function requireToken(token: string, openPaths: ReadonlySet<string>): RequestHandler {
  const expected = digest(token);
  return (request, response, next) => {
    if (openPaths.has(request.path)) return next();
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    response.setHeader('WWW-Authenticate', 'Bearer');
    sendProblem(response, extenderError(given === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID', {}));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
