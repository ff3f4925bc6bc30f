import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ListeningServer, listen } from '../../shared/runtime/http-server.ts';

/** How the double answers for a zone: a value in gCO2eq/kWh, or one of the ways in which the real service misbehaves. */
export type Behaviour =
  | number
  | 'not-in-plan'
  | 'over-rate'
  | 'no-recent-data'
  | 'error-in-200'
  | 'null-value'
  | 'wrong-zone'
  | 'html-502'
  | 'error-500'
  | 'rate-limited'
  | { readonly retryAfter: string }
  | 'truncated'
  | 'oversized'
  | 'silent'
  | 'endless'
  | 'stale'
  | 'future'
  | 'bad-request';

/** A stand-in for the Electricity Maps API, which cannot be had here. */
export interface ElectricityMapsDouble extends AsyncDisposable {
  /** Base address with its version. */
  readonly url: string;
  readonly zones: Map<string, Behaviour>;
  /** Every question so far: path with query. */
  readonly requests: string[];
  /** `datetime` of answers; moved by tests. */
  now: () => number;
}

/** The key that the double takes. */
export const GOOD_KEY = 'em-key-7f3a91c2';
/** What the real service does when it cannot resolve a zone: it looks where the caller is. */
const CALLERS_ZONE = 'AT';

/** Starts the double on a free loopback port. */
export async function startElectricityMaps(zones: Record<string, Behaviour> = {}): Promise<ElectricityMapsDouble> {
  const double = { zones: new Map(Object.entries(zones)), requests: [] as string[], now: () => Date.now() };
  const server: ListeningServer = await listen((request, response) => answer(double, request, response), {
    host: '127.0.0.1',
    port: 0,
  });
  return Object.assign(double, {
    url: `http://127.0.0.1:${server.port}/v4`,
    [Symbol.asyncDispose]: async () => {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  });
}

type State = Pick<ElectricityMapsDouble, 'zones' | 'requests' | 'now'>;

function answer(double: State, request: IncomingMessage, response: ServerResponse): void {
  double.requests.push(request.url ?? '');
  const url = new URL(request.url ?? '/', 'http://double');
  const token = request.headers['auth-token'];
  if (token === undefined)
    return json(response, 401, {
      error: 'Invalid auth-token',
      message: 'Please provide a valid authentication header.',
    });
  if (token !== GOOD_KEY)
    return json(response, 401, { error: 'Invalid auth-token', message: 'The provided token is invalid.' });
  if (!/^\/v[34]\/carbon-intensity\/latest$/.test(url.pathname)) return json(response, 404, { error: 'Not found' });
  const asked = url.searchParams.get('zone') ?? '';
  const behaviour = double.zones.get(asked);
  if (behaviour !== undefined) return behave(double, asked, behaviour, response);
  if (url.searchParams.get('disableCallerLookup') === 'true')
    return json(response, 400, { error: `Zone "${asked}" does not exist` });
  json(response, 200, row(CALLERS_ZONE, 123, hour(double.now())));
}

function behave(double: State, zone: string, behaviour: Behaviour, response: ServerResponse): void {
  const now = hour(double.now());
  if (typeof behaviour === 'number') return json(response, 200, row(zone, behaviour, now));
  if (typeof behaviour === 'object')
    return json(response, 429, { error: 'Too many requests' }, { 'Retry-After': behaviour.retryAfter });
  switch (behaviour) {
    case 'not-in-plan':
      return json(response, 401, {
        error: `Request unauthorized for zoneKey=${zone}.`,
        message: 'You do not have access to this specific endpoint for this specific zone.',
      });
    case 'over-rate':
      return json(response, 401, { error: 'Unauthorized' });
    case 'no-recent-data':
      return json(response, 404, { error: `No recent data for zone "${zone}"` });
    case 'error-in-200':
      return json(response, 200, { error: `No recent data for zone "${zone}"` });
    case 'null-value':
      return json(response, 200, { ...row(zone, 0, now), carbonIntensity: null });
    case 'wrong-zone':
      return json(response, 200, row(CALLERS_ZONE, 123, now));
    case 'html-502':
      return void response
        .writeHead(502, { 'Content-Type': 'text/html' })
        .end('<html><body><h1>502 Bad Gateway</h1></body></html>');
    case 'error-500':
      return json(response, 500, { status: 'error', message: 'Unknown error occured.' });
    case 'rate-limited':
      return json(response, 429, { error: 'Too many requests' });
    case 'bad-request':
      return json(response, 400, { error: 'Missing arguments "node"' });
    case 'stale':
      return json(response, 200, row(zone, 77, now - 48 * 3_600_000));
    case 'future':
      return json(response, 200, row(zone, 77, now + 48 * 3_600_000));
    case 'truncated':
      return truncated(response, JSON.stringify(row(zone, 77, now)));
    case 'oversized':
      return void response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(`"${'x'.repeat(5 * 1024 * 1024)}"`);
    case 'silent':
      return;
    case 'endless':
      return endless(response);
    default:
      behaviour satisfies never;
  }
}

function row(zone: string, carbonIntensity: number, datetime: number) {
  const iso = (time: number) => new Date(time).toISOString();
  return {
    zone,
    carbonIntensity,
    datetime: iso(datetime),
    updatedAt: iso(datetime - 11 * 60_000),
    createdAt: iso(datetime - 3 * 86_400_000),
    emissionFactorType: 'lifecycle',
    flowTraced: true,
    isEstimated: true,
    estimationMethod: 'TIME_SLICER_AVERAGE',
    temporalGranularity: 'hourly',
    _disclaimer: 'a field nobody told us about',
  };
}

function truncated(response: ServerResponse, whole: string): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': whole.length });
  response.write(whole.slice(0, whole.length / 2), () => response.destroy());
}

function endless(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body));
}

function hour(time: number): number {
  return Math.floor(time / 3_600_000) * 3_600_000;
}
