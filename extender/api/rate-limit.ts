import type { RequestHandler } from 'express';
import type { Clock } from '../../shared/runtime/clock.ts';
import { ProblemError, sendProblem } from './problem.ts';

/** Clients that are remembered; beyond this the one that asked longest ago is forgotten, and starts anew. */
const MOST_CLIENTS = 10_000;

/** Answers 429 to an address that asks more often than this, on average over two seconds; open paths are never refused. */
export function limitRate(perSecond: number, openPaths: ReadonlySet<string>, clock: Clock): RequestHandler {
  const burst = Math.max(1, 2 * perSecond);
  const clients = new Map<string, { left: number; at: number }>();
  return (request, response, next) => {
    if (openPaths.has(request.path)) return next();
    const address = request.socket.remoteAddress ?? '';
    const now = clock.monotonic();
    const before = clients.get(address) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + ((now - before.at) / 1_000) * perSecond);
    clients.delete(address);
    clients.set(address, { left: left < 1 ? left : left - 1, at: now });
    if (clients.size > MOST_CLIENTS) clients.delete(clients.keys().next().value ?? '');
    if (left >= 1) return next();
    response.setHeader('Retry-After', String(Math.max(1, Math.ceil((1 - left) / perSecond))));
    sendProblem(response, new ProblemError(429, `More than ${perSecond} requests a second came from this address`));
  };
}
