import type { RequestHandler } from 'express';
import { foreignHost } from '../../shared/runtime/host-names.ts';
import { extenderError } from '../errors.ts';
import { sendProblem } from './problem.ts';

/** Which names and origins may use the API. */
export interface BrowserGuardOptions {
  /** Names in Host beside addresses and names that exist only inside; `*` allows all. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call the API, such as `https://app.example`; `*` allows all. */
  readonly corsOrigins: readonly string[];
}

const PREFLIGHT_SECONDS = 600;
const METHODS = 'GET, HEAD, POST, PUT';
const HEADERS = 'Authorization, Content-Type, Idempotency-Key';
const EXPOSED = 'Link, Retry-After';

/**
 * Refuses what a browser sends for a page of somebody else: a Host that is not ours (a rebound name), or an Origin that
 * is neither the Host nor allowed. Marks every response as neither cacheable nor to be sniffed.
 */
export function guardBrowsers({ allowedHosts, corsOrigins }: BrowserGuardOptions): RequestHandler {
  const origins = new Set(corsOrigins);
  return (request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    const { host, origin } = request.headers;
    const name = foreignHost(host, allowedHosts);
    if (name !== undefined) return sendProblem(response, extenderError('HOST_NOT_ALLOWED', { host: name }));
    if (origin === undefined) return next();
    response.vary('Origin');
    const cors = origins.has('*') || origins.has(origin);
    if (!cors && !isSameHost(origin, host))
      return sendProblem(response, extenderError('ORIGIN_NOT_ALLOWED', { origin }));
    if (!cors) return next();
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', EXPOSED);
    if (request.method !== 'OPTIONS') return next();
    response.setHeader('Access-Control-Allow-Methods', METHODS);
    response.setHeader('Access-Control-Allow-Headers', HEADERS);
    response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
    response.status(204).end();
  };
}

function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
