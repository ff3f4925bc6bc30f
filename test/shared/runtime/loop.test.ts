import { describe, expect, it } from 'vitest';
import { startLoop } from '../../../shared/runtime/loop.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';

function start(task: (run: number, signal: AbortSignal) => Promise<void>) {
  const clock = new FakeClock('2026-01-15T12:00:00Z');
  const logger = capturedLog();
  let runs = 0;
  const loop = startLoop({
    ...{ name: 'sweep', intervalMs: 1_000, clock, logger },
    task: (signal) => {
      runs += 1;
      return task(runs, signal);
    },
  });
  return { clock, logger, loop, runs: () => runs };
}

describe('startLoop', () => {
  it('goes on after a task that failed, and names it with a code', async () => {
    const { clock, logger, loop, runs } = start(async (run) => {
      if (run === 2) throw new Error('the disk is full');
    });

    for (let second = 0; second < 3; second += 1) await clock.advance(1_000);
    await loop[Symbol.asyncDispose]();

    expect(runs()).toBe(4);
    expect(logger.at('error')).toMatchObject([
      { message: 'a periodic task failed; it is run again', fields: { code: 'TASK_FAILED', loop: 'sweep' } },
    ]);
  });

  it('ends a task that runs, and says nothing about it', async () => {
    const { logger, loop } = start(async (_run, signal) => {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });

    await loop[Symbol.asyncDispose]();

    expect(logger.at('error')).toEqual([]);
  });
});
