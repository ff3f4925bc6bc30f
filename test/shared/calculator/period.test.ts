import { describe, expect, it } from 'vitest';
import { parsePeriod, periodBefore, writtenPeriod } from '../../../shared/calculator/period.ts';
import { isoTime } from '../../../shared/grid/units.ts';

const NOW = Date.parse('2026-03-10T15:42:00Z');
const written = (text: string) => {
  const { from, to } = parsePeriod(text, NOW);
  return [isoTime(from), isoTime(to)];
};

describe('parsePeriod', () => {
  it.each([
    ['last-24h', '2026-03-09T15:00:00.000Z'],
    [' LAST-7D ', '2026-03-03T15:00:00.000Z'],
    ['last-30d', '2026-02-08T15:00:00.000Z'],
  ])('ends %s with the last full hour', (text, from) => {
    expect(written(text)).toEqual([from, '2026-03-10T15:00:00.000Z']);
  });

  it('reads two dates or times as UTC, with an offset where one is written', () => {
    expect(written('2026-03-01..2026-03-02')).toEqual(['2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z']);
    expect(written('2026-03-01T06:30..2026-03-01T08:00+01:00')).toEqual([
      '2026-03-01T06:30:00.000Z',
      '2026-03-01T07:00:00.000Z',
    ]);
  });

  it.each([
    ['2026-03-02..2026-03-01', 'PERIOD_REVERSED'],
    ['2026-03-01..2026-03-01', 'PERIOD_EMPTY'],
    ['2026-02-30..2026-03-01', 'DATE_INVALID'],
    ['2026-03-01..2026-03-02..2026-03-03', 'PERIOD_INVALID'],
    ['2026-03-01', 'PERIOD_INVALID'],
  ])('refuses %s with %s', (text, code) => {
    expect(() => parsePeriod(text, NOW)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['last week', 'last-7d'],
    ['month', 'last-30d'],
    ['last-24', 'last-24h'],
  ])('names what %s may have meant', (text, nearest) => {
    expect(() => parsePeriod(text, NOW)).toThrow(nearest);
  });
});

describe('a period', () => {
  it('comes after one of the same length', () => {
    expect(periodBefore({ from: 100, to: 130 })).toEqual({ from: 70, to: 100 });
  });

  it.each([
    ['2026-03-01T00:00Z', '2026-03-02T00:00Z', '2026-03-01..2026-03-02'],
    ['2026-03-01T06:00Z', '2026-03-02T00:00Z', '2026-03-01T06:00Z..2026-03-02T00:00Z'],
    ['2026-03-01T00:00Z', '2026-03-02T00:30Z', '2026-03-01T00:00Z..2026-03-02T00:30Z'],
  ])('from %s to %s is written as %s', (from, to, text) => {
    expect(writtenPeriod({ from: Date.parse(from), to: Date.parse(to) })).toBe(text);
  });
});
