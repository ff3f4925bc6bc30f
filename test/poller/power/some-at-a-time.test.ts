import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { someAtATime } from '../../../poller/power/some-at-a-time.ts';

it('works on every item once, never on more at a time than it may', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;

  await someAtATime([1, 2, 3, 4, 5], 2, new AbortController().signal, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await wait(2);
    running -= 1;
    done.push(item);
  });

  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

it('begins nothing after the signal is aborted, and ends when what runs has ended', async () => {
  const stop = new AbortController();
  const begun: number[] = [];

  await someAtATime([1, 2, 3, 4, 5], 2, stop.signal, async (item) => {
    begun.push(item);
    await wait(2);
    stop.abort();
  });

  expect(begun).toEqual([1, 2]);
});
