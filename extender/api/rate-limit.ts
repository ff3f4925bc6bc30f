import type { RequestHandler } from 'express';
import { TokenBucket } from '../../shared/pacing/token-bucket.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { extenderError } from '../errors.ts';
import { sendProblem } from './problem.ts';

/** Addresses that are remembered; beyond this the one whose last request is oldest is forgotten, and starts anew. */
const MAX_ADDRESSES = 10_000;
/** A burst is what two seconds allow. */
const BURST_SECONDS = 2;

/** Refuses an address (429) that sends more than this on average; open paths are never refused. */
export function limitRate(perSecond: number, openPaths: ReadonlySet<string>, clock: Clock): RequestHandler {
  const options = { capacity: BURST_SECONDS * perSecond, perMs: perSecond / 1_000 };
  const buckets = new Map<string, TokenBucket>();
  return (request, response, next) => {
    if (openPaths.has(request.path)) return next();
    // A client that comes by IPv4 to a port of both families is the same client.
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const bucket = buckets.get(address) ?? new TokenBucket(options);
    buckets.delete(address);
    buckets.set(address, bucket);
    if (buckets.size > MAX_ADDRESSES) buckets.delete(buckets.keys().next().value ?? '');
    const now = clock.monotonic();
    if (bucket.take(now)) return next();
    response.setHeader('Retry-After', String(Math.max(1, Math.ceil(bucket.waitMs(now) / 1_000))));
    sendProblem(response, extenderError('RATE_LIMITED', { limit: perSecond }));
  };
}
