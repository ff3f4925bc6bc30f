import { describe, expect, it } from 'vitest';
import { bandFrom } from '../../../shared/forecast/band.ts';
import { seeded } from './synthetic-zones.ts';

/** Errors of one size for each hour ahead, evenly spread around 0. */
function errorsOf(hours: number, count: number, sizeAt: (ahead: number, index: number) => number): number[][] {
  const random = seeded(3);
  return Array.from({ length: hours }, (_, ahead) =>
    Array.from({ length: count }, (_, index) => sizeAt(ahead, index) * (2 * random() - 1)),
  );
}

describe('bandFrom', () => {
  it('holds 80 % of errors that stay as they were', () => {
    const band = bandFrom(errorsOf(72, 400, () => 100));

    for (const ahead of [0, 1, 5, 23, 71]) {
      expect(band?.above[ahead]).toBeGreaterThan(74);
      expect(band?.above[ahead]).toBeLessThan(86);
      expect(band?.below[ahead]).toBeLessThan(-74);
      expect(band?.below[ahead]).toBeGreaterThan(-86);
    }
  });

  it('becomes wider when later errors were larger than the earlier ones let expect, and narrower when smaller', () => {
    const steady = bandFrom(errorsOf(30, 400, () => 100));
    const growing = bandFrom(errorsOf(30, 400, (_, index) => 60 + (80 * index) / 400));
    const shrinking = bandFrom(errorsOf(30, 400, (_, index) => 140 - (80 * index) / 400));

    expect(growing?.above[10]).toBeGreaterThan((steady?.above[10] ?? 0) + 3);
    expect(shrinking?.above[10]).toBeLessThan((steady?.above[10] ?? 0) + 2);
    expect(growing?.above[10]).toBeGreaterThan(shrinking?.above[10] ?? 0);
  });

  it('does not pool the hour in progress with the next', () => {
    const band = bandFrom(errorsOf(5, 400, (ahead) => (ahead === 0 ? 1 : 100)));

    expect(band?.above[0]).toBeLessThan(1);
    expect(band?.above[1]).toBeGreaterThan(70);
  });

  it('contains the forecast, and an hour with too few errors is as wide as the widest before it', () => {
    const onlyAbove = errorsOf(4, 100, () => 50).map((errors) => errors.map(Math.abs));
    const band = bandFrom([...onlyAbove, [1], [1]]);

    expect([...(band?.below ?? [])].every((edge) => edge <= 0)).toBe(true);
    expect(band?.above[5]).toBe(Math.max(...(band?.above.subarray(0, 5) ?? [])));
  });

  it('is unknown with fewer than 24 errors of the first hour', () => {
    expect(bandFrom(errorsOf(3, 23, () => 1))).toBeUndefined();
    expect(bandFrom(errorsOf(3, 24, () => 1))).toBeDefined();
  });
});
