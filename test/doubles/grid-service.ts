import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ListeningServer, listen } from '../../shared/runtime/http-server.ts';

/** Ways in which services of grid data misbehave; each double says in its own words what it does for those that differ. */
export const FAULTS = [
  'error-in-200',
  'null-value',
  'wrong-zone',
  'bad-request',
  'bad-key',
  'not-in-plan',
  'over-rate',
  'forbidden-html',
  'forbidden-json',
  'not-found',
  'too-many',
  'too-many-seconds',
  'too-many-date',
  'error-500',
  'html-502',
  'slow',
  'endless',
  'truncated',
  'oversized',
  'stale',
  'future',
] as const;
/** One way to misbehave. */
export type Fault = (typeof FAULTS)[number];

/** What a double sends. */
export interface Reply {
  readonly status: number;
  /** An object is sent as JSON, a text as HTML. */
  readonly body: object | string;
  readonly headers?: Record<string, string>;
}

/** How the values of a good answer are bent. */
export type Bend = 'none' | 'null-value' | 'wrong-zone' | 'stale' | 'future';

/** What one question is about, and what a double needs to answer it. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** Time of the double. */
  readonly now: number;
  /** Values in gCO2eq/kWh by the service's own name of a place; a place without one is unknown to the service. */
  readonly values: ReadonlyMap<string, number>;
  readonly valueAt: GridService['valueAt'];
  /** How the answer about a place is to be bent. */
  bend(place: string): Bend;
}

/** What makes a double stand for a certain service. */
export interface Service {
  /** The place that a question is about; undefined where it is about all or none. */
  placeOf(url: URL): string | undefined;
  /** A good answer, or the service's own refusal (a missing key, an unknown place). */
  answer(asked: Asked): Reply;
  /** What it does for faults in its own words. */
  readonly faults?: Partial<Record<Fault, (place: string) => Reply>>;
  /** Paths that answer whatever the fault is, for example a log-in. */
  readonly exempt?: RegExp;
}

/** A running double. */
export interface GridService extends AsyncDisposable {
  readonly url: string;
  readonly values: Map<string, number>;
  /** The fault by place; `*` holds for every place. */
  readonly faults: Map<string, Fault>;
  /** Every question so far: path with query, and the double's time. */
  readonly requests: {
    readonly path: string;
    readonly at: number;
    readonly place: string | undefined;
    /** The fault that the answer was given with. */
    readonly fault: Fault | undefined;
  }[];
  /** The value of a place at a time; without a test's own it is that of `values` at any time. */
  valueAt: (place: string, time: number) => number | undefined;
  now: () => number;
}

/** How late `slow` answers. */
export const SLOW_MS = 1_500;

/** Starts a double on a free loopback port. */
export async function startGridService(service: Service, values: Record<string, number> = {}): Promise<GridService> {
  const double = {
    values: new Map(Object.entries(values)),
    faults: new Map<string, Fault>(),
    requests: [] as GridService['requests'],
    now: () => Date.now(),
    valueAt: (place: string, _time: number): number | undefined => double.values.get(place),
  };
  const server: ListeningServer = await listen(
    (request, response) => {
      const url = new URL(request.url ?? '/', 'http://double');
      const place = service.placeOf(url);
      const fault = service.exempt?.test(url.pathname)
        ? undefined
        : (double.faults.get(place ?? '*') ?? double.faults.get('*'));
      double.requests.push({ path: request.url ?? '', at: double.now(), place, fault });
      const { values, valueAt } = double;
      const asked = (bend: Asked['bend']) => service.answer({ request, url, now: double.now(), values, valueAt, bend });
      const bends = (of: string) => double.faults.get(of) ?? double.faults.get('*');
      misbehave(service, fault, place ?? '*', response, () => asked((of) => bendOf(bends(of))), double.now());
    },
    { host: '127.0.0.1', port: 0 },
  );
  return Object.assign(double, {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  });
}

/** A JSON reply. */
export function json(body: object, status = 200): Reply {
  return { status, body };
}

/** A web server's own page for a status. */
export function html(status: number, title: string): Reply {
  return {
    status,
    body: `<html><head><title>${status} ${title}</title></head><body><h1>${status} ${title}</h1></body></html>`,
  };
}

/** Start of the step of a length that a time lies in. */
export function stepOf(time: number, minutes: number): number {
  return Math.floor(time / (minutes * 60_000)) * minutes * 60_000;
}

/** A time moved two days away when an answer is to be stale or of the future. */
export function bentTime(time: number, bend: Bend): number {
  const days = bend === 'stale' ? -2 : bend === 'future' ? 2 : 0;
  return time + days * 86_400_000;
}

function bendOf(fault: Fault | undefined): Bend {
  return fault === 'null-value' || fault === 'wrong-zone' || fault === 'stale' || fault === 'future' ? fault : 'none';
}

function misbehave(
  service: Service,
  fault: Fault | undefined,
  place: string,
  response: ServerResponse,
  good: () => Reply,
  now: number,
): void {
  const own = fault && service.faults?.[fault]?.(place);
  if (own) return send(response, own);
  switch (fault) {
    case undefined:
    case 'null-value':
    case 'wrong-zone':
    case 'stale':
    case 'future':
      return send(response, good());
    case 'error-in-200':
      return send(response, json({ error: 'something went wrong' }));
    case 'bad-request':
      return send(response, json({ error: 'Bad request' }, 400));
    case 'bad-key':
    case 'not-in-plan':
    case 'over-rate':
      return send(response, json({ error: 'Unauthorized' }, 401));
    case 'forbidden-html':
      return send(response, html(403, 'Forbidden'));
    case 'forbidden-json':
      return send(response, json({ error: 'Forbidden' }, 403));
    case 'not-found':
      return send(response, json({ error: 'Not found' }, 404));
    case 'too-many':
      return send(response, json({ error: 'Too many requests' }, 429));
    case 'too-many-seconds':
      return send(response, { ...json({ error: 'Too many requests' }, 429), headers: { 'Retry-After': '120' } });
    case 'too-many-date': {
      const headers = { 'Retry-After': new Date(now + 120_000).toUTCString() };
      return send(response, { ...json({ error: 'Too many requests' }, 429), headers });
    }
    case 'error-500':
      return send(response, json({ status: 'error', message: 'Unknown error' }, 500));
    case 'html-502':
      return send(response, html(502, 'Bad Gateway'));
    case 'slow':
      return void setTimeout(() => send(response, good()), SLOW_MS).unref();
    case 'endless': {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      return void response.once('close', () => clearInterval(timer));
    }
    case 'truncated': {
      const whole = JSON.stringify(good().body);
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': whole.length });
      return void response.write(whole.slice(0, whole.length / 2), () => response.destroy());
    }
    case 'oversized':
      return void response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(`"${'x'.repeat(5 * 1024 * 1024)}"`);
    default:
      fault satisfies never;
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  const isText = typeof reply.body === 'string';
  const type = isText ? 'text/html' : 'application/json; charset=utf-8';
  const body = isText ? (reply.body as string) : JSON.stringify(reply.body);
  response
    .writeHead(reply.status, { 'Content-Type': type, ...reply.headers })
    .end(reply.status === 204 ? undefined : body);
}
