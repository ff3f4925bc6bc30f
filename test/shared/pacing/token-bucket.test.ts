import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../shared/pacing/token-bucket.ts';

const PER_SECOND = 1 / 1_000;

describe('TokenBucket', () => {
  it('starts full at its first use, whatever time that is', () => {
    const bucket = new TokenBucket({ capacity: 3, perMs: PER_SECOND });

    expect([1, 2, 3, 4].map(() => bucket.take(5_000_000))).toEqual([true, true, true, false]);
  });

  it('serves again exactly when a whole token has been refilled', () => {
    const bucket = new TokenBucket({ capacity: 1, perMs: PER_SECOND });
    bucket.take(0);

    expect(bucket.waitMs(400)).toBeCloseTo(600);
    expect(bucket.take(999)).toBe(false);
    expect(bucket.take(1_000)).toBe(true);
  });

  it('never holds more than its capacity', () => {
    const bucket = new TokenBucket({ capacity: 2, perMs: PER_SECOND });
    bucket.take(0);

    expect(bucket.available(3_600_000)).toBe(2);
  });

  it('adds nothing, and takes nothing away, when time goes back', () => {
    const bucket = new TokenBucket({ capacity: 2, perMs: PER_SECOND });
    bucket.take(10_000);

    expect(bucket.available(2_000)).toBe(1);
  });

  it('keeps a reserve for other requests, and still serves a request that keeps one when it is full', () => {
    const bucket = new TokenBucket({ capacity: 4, perMs: PER_SECOND });

    expect([1, 2, 3].map(() => bucket.take(0, { reserve: 2 }))).toEqual([true, true, false]);
    expect([1, 2, 3].map(() => bucket.take(0))).toEqual([true, true, false]);
    expect(new TokenBucket({ capacity: 1, perMs: 0 }).take(0, { reserve: 5 })).toBe(true);
  });

  it('does not go into debt for what is already used', () => {
    const bucket = new TokenBucket({ capacity: 2, perMs: PER_SECOND });
    bucket.spend(0, 10);

    expect(bucket.available(0)).toBe(0);
    expect(bucket.available(1_000)).toBe(1);
  });

  it('never serves more than its capacity and what was refilled, and never less when asked all the time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0.001, max: 0.1, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 100 }),
        (capacity, perMs, steps) => {
          const bucket = new TokenBucket({ capacity, perMs });
          bucket.available(0);
          let now = 0;
          let served = 0;
          for (const step of steps) {
            now += step;
            while (bucket.take(now)) served += 1;
          }

          expect(served).toBeGreaterThanOrEqual(capacity);
          expect(served).toBeLessThanOrEqual(capacity + now * perMs + 1e-6);
        },
      ),
    );
  });
});
