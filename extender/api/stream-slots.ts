import type { RequestHandler } from 'express';
import { extenderError } from '../errors.ts';
import { sendProblem } from './problem.ts';

/** Heap that one export may need: an hour of a large cluster is decoded at a time. */
const MB_PER_EXPORT = 96;
/** A request waits this long for another export to end. */
const WAIT_MS = 10_000;
const RETRY_SECONDS = 30;

/** Exports at once that a heap has room for, at least one. */
export function exportsWithin(heapMb: number): number {
  return Math.max(1, Math.floor(heapMb / MB_PER_EXPORT));
}

/** Lets some requests through at once; further ones wait for a moment, in their order, and are refused (503) after it. */
export function limitConcurrency(limit: number, waitMs = WAIT_MS): RequestHandler {
  const waiting = new Set<() => void>();
  let running = 0;
  return (_request, response, next) => {
    const begin = () => {
      running += 1;
      response.once('close', () => {
        running -= 1;
        const [first] = waiting;
        first?.();
      });
      next();
    };
    if (running < limit) return begin();
    const resume = () => {
      clearTimeout(late);
      waiting.delete(resume);
      response.off('close', leave);
      begin();
    };
    const leave = () => {
      clearTimeout(late);
      waiting.delete(resume);
    };
    const late = setTimeout(() => {
      waiting.delete(resume);
      response.off('close', leave);
      response.setHeader('Retry-After', String(RETRY_SECONDS));
      sendProblem(response, extenderError('EXPORTS_EXHAUSTED', { limit }));
    }, waitMs);
    waiting.add(resume);
    response.once('close', leave);
  };
}
