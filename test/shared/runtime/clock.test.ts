import { expect, it } from 'vitest';
import { settledWithin } from '../../../shared/runtime/clock.ts';
import { countedClock } from '../../counted-clock.ts';
import { FakeClock } from '../../fake-clock.ts';

const DAY_MS = 86_400_000;

it('goes on as soon as the work has settled, and leaves no timer', async () => {
  const clock = countedClock();

  await settledWithin(clock, DAY_MS, Promise.resolve());

  await expect.poll(() => clock.sleeping).toBe(0);
});

it('leaves no timer when the work fails, and passes its error on', async () => {
  const clock = countedClock();

  await expect(settledWithin(clock, DAY_MS, Promise.reject(new Error('refused')))).rejects.toThrow('refused');

  await expect.poll(() => clock.sleeping).toBe(0);
});

it('goes on when the time is over, and not before', async () => {
  const clock = new FakeClock();
  let over = false;
  void settledWithin(clock, 1_000, new Promise(() => undefined)).then(() => {
    over = true;
  });

  await clock.advance(999);
  const before = over;
  await clock.advance(1);

  expect([before, over]).toEqual([false, true]);
});
