import { describe, expect, it } from 'vitest';
import { wholeRequests } from '../../../shared/calculator/formula.ts';

describe('wholeRequests', () => {
  it.each([
    [1, 1],
    ['100000', 100_000],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('takes %s', (requests, count) => {
    expect(wholeRequests(requests)).toBe(count);
  });

  it.each([
    [0, 1],
    [-5, 1],
    [2.6, 3],
    [Number.MAX_SAFE_INTEGER + 1, Number.MAX_SAFE_INTEGER],
    ['100,000', 100_000],
    ['1_000', 1_000],
    ['', 1],
    ['many', 1_000],
    [Number.POSITIVE_INFINITY, 1_000],
  ])('refuses %s, and names the nearest valid number %i', (requests, nearest) => {
    expect(() => wholeRequests(requests)).toThrow(
      expect.objectContaining({ code: 'REQUESTS_INVALID', facts: expect.objectContaining({ nearest }) }),
    );
  });
});
