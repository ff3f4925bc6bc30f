import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachHour } from '../../../shared/grid/hours.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');

function partsOf(from: number, to: number): [number, number][] {
  const parts: [number, number][] = [];
  forEachHour(from, to, (hour, ms) => parts.push([hour, ms]));
  return parts;
}

describe('forEachHour', () => {
  it('gives the first and the last hour the part that lies within, and hours between whole', () => {
    expect(partsOf(NOON + 15 * 60_000, NOON + 2 * HOUR_MS + 1)).toEqual([
      [NOON, 45 * 60_000],
      [NOON + HOUR_MS, HOUR_MS],
      [NOON + 2 * HOUR_MS, 1],
    ]);
  });

  it('leaves out the hour that begins when the interval ends', () => {
    expect(partsOf(NOON, NOON + HOUR_MS)).toEqual([[NOON, HOUR_MS]]);
  });

  it('has no parts for an empty or reversed interval', () => {
    expect(partsOf(NOON, NOON)).toEqual([]);
    expect(partsOf(NOON + 5, NOON + 5)).toEqual([]);
    expect(partsOf(NOON + HOUR_MS, NOON)).toEqual([]);
  });

  it('loses and doubles no millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 * HOUR_MS }),
        fc.integer({ min: 1, max: 50 * HOUR_MS }),
        (at, length) => {
          const parts = partsOf(NOON + at, NOON + at + length);

          expect(parts.reduce((sum, [, ms]) => sum + ms, 0)).toBe(length);
          for (const [, ms] of parts) expect(ms).toBeGreaterThan(0);
          expect(new Set(parts.map(([hour]) => hour)).size).toBe(parts.length);
        },
      ),
    );
  });
});
