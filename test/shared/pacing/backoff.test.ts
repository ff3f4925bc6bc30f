import { describe, expect, it } from 'vitest';
import { backoffDelay, createBackoff } from '../../../shared/pacing/backoff.ts';

const OPTIONS = { initialMs: 100, maxMs: 1_000 };

describe('backoffDelay', () => {
  it('doubles from the first delay to the longest, and stays there', () => {
    expect([0, 1, 2, 3, 4, 5_000].map((attempt) => backoffDelay(attempt, OPTIONS))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  it('grows by another factor where one is given', () => {
    expect([0, 1, 2].map((attempt) => backoffDelay(attempt, { ...OPTIONS, factor: 3 }))).toEqual([100, 300, 900]);
  });

  it('draws the jittered share, and no more, at random', () => {
    const half = { ...OPTIONS, jitter: 0.5 };

    expect(backoffDelay(1, { ...half, random: () => 0 })).toBe(100);
    expect(backoffDelay(1, { ...half, random: () => 0.5 })).toBe(150);
    expect(backoffDelay(9, { ...OPTIONS, jitter: 1, random: () => 0.25 })).toBe(250);
  });
});

describe('createBackoff', () => {
  it('waits longer after each failure, and starts again after a success', () => {
    const backoff = createBackoff(OPTIONS);

    expect([backoff.next(), backoff.next(), backoff.failures]).toEqual([100, 200, 2]);
    backoff.reset();
    expect([backoff.failures, backoff.next()]).toEqual([0, 100]);
  });
});
