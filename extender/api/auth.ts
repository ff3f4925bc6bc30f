import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ProblemError, sendProblem } from './problem.ts';

/** Lets through requests with the bearer token, and those to open paths. Takes equally long for every wrong token. */
export function requireToken(token: string, openPaths: ReadonlySet<string>): RequestHandler {
  const expected = digest(token);
  return (request, response, next) => {
    if (openPaths.has(request.path)) return next();
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    response.setHeader('WWW-Authenticate', 'Bearer');
    const detail = given === undefined ? 'A bearer token is needed' : 'The bearer token is wrong';
    sendProblem(response, new ProblemError(401, detail));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
