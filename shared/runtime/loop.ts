import { RUNTIME_ERRORS } from '../errors/runtime-errors.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** What a loop needs: a task to run, how often, and what to call when it throws. */
export interface LoopOptions {
  readonly name: string;
  readonly intervalMs: number;
  /** Share of the interval by which a start may be late, so that many pollers do not ask at once; 0..1. */
  readonly jitter?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly task: (signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

/** Runs a task now and then once per interval on a fixed grid, never twice at a time; an error costs one run, not the loop. */
export function startLoop(options: LoopOptions): AsyncDisposable {
  const { name, intervalMs, jitter = 0, clock, logger, task, random = Math.random } = options;
  const stop = new AbortController();
  const finished = (async () => {
    let next = clock.monotonic();
    while (!stop.signal.aborted) {
      try {
        await task(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted)
          logger.error({ code: 'TASK_FAILED', loop: name, err: error }, RUNTIME_ERRORS.TASK_FAILED.message);
      }
      next += intervalMs;
      const now = clock.monotonic();
      // Runs that were slept through (a suspended laptop, a slow task) are left out, not made up for.
      if (next < now) next += Math.ceil((now - next) / intervalMs) * intervalMs;
      await clock.sleep(next - now + random() * jitter * intervalMs, stop.signal);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
    },
  };
}
