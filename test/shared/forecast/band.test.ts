import { describe, expect, it } from 'vitest';
import { adaptedShares, bandFrom, noHits } from '../../../shared/forecast/band.ts';
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

  it('pools an hour ahead with the one before and the one after it only', () => {
    const shares = new Array<number>(7).fill(0.9);
    const band = bandFrom(
      errorsOf(8, 400, (ahead) => (ahead >= 5 ? 1000 : 1)),
      shares,
    );

    expect(band?.above[3]).toBeLessThan(1);
    expect(band?.above[4]).toBeGreaterThan(1);
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

describe('adaptedShares', () => {
  const before = [0.86, 0.86, 0.86, 0.86, 0.86, 0.86, 0.86];
  const adapted = (held: number, days = 1, shares = before) =>
    adaptedShares(
      shares,
      noHits().map((none, group) => (group === 2 ? { compared: 100, held } : none)),
      days,
    );

  it('widens the band of a group that held too few, narrows that of one that held too many, and leaves 80 % as it is', () => {
    expect(adapted(70)[2]).toBeCloseTo(0.866, 9);
    expect(adapted(90)[2]).toBeCloseTo(0.854, 9);
    expect(adapted(80)[2]).toBeCloseTo(0.86, 9);
  });

  it('leaves the share of a group without a new value', () => {
    expect(adapted(0)).toEqual([0.86, 0.86, expect.closeTo(0.908, 9), 0.86, 0.86, 0.86, 0.86]);
  });

  it('counts a longer silence as a week, and stays within 50 and 98 %', () => {
    expect(adapted(90, 30)).toEqual(adapted(90, 7));
    expect(adapted(90, 7)[2]).toBeCloseTo(0.86 - 7 * 0.006, 9);
    const ends = [adapted(0, 7, before.fill(0.97))[2], adapted(100, 7, before.fill(0.52))[2]];
    expect(ends).toEqual([0.98, 0.5]);
  });
});
