import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learntDuration } from '../../../shared/deferral/durations.ts';

test('plans with a duration that covers nine of ten earlier runs', () => {
  const hours = Array.from({ length: 11 }, (_, index) => index + 1);

  expect(learntDuration(hours)).toBeCloseTo(10, 9);
});

test('knows nothing before the third run, and skips runs without a length', () => {
  expect(learntDuration([2, 2])).toBeUndefined();
  expect(learntDuration([2, 0, Number.NaN, -1, 2])).toBeUndefined();
  expect(learntDuration([2, 2, 2])).toBe(2);
});

test('follows the last fifty runs when the job has changed', () => {
  const changed = [...Array(200).fill(8), ...Array(50).fill(1)];

  expect(learntDuration(changed)).toBe(1);
});

test('lies among the runs that it has seen, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 3, maxLength: 50 }), (hours) => {
      const learnt = learntDuration(hours) ?? Number.NaN;

      expect(learnt).toBeGreaterThanOrEqual(Math.min(...hours));
      expect(learnt).toBeLessThanOrEqual(Math.max(...hours));
      expect(learntDuration(hours.toReversed())).toBe(learnt);
    }),
  );
});
