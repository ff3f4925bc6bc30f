import { describe, expect, it, onTestFinished } from 'vitest';
import { parseStep, parseWindow, writtenWindow } from '../../../shared/records/time-window.ts';

// A Wednesday.
const NOW = Date.parse('2026-03-04T12:34:00Z');

const window = (text: string, now = NOW) => {
  const range = parseWindow(text, now);
  return range && [new Date(range.from), new Date(range.to)].map((time) => time.toISOString().slice(0, 16)).join(' ');
};

describe('parseWindow', () => {
  it.each(['Europe/Berlin', 'America/New_York', 'Pacific/Apia'])(
    'reads words in UTC on a machine in %s, on days on which its clocks change',
    (TZ) => {
      const { TZ: before } = process.env;
      onTestFinished(() => {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      });
      const words = ['today', 'yesterday', 'week', 'lastweek', 'month', 'lastmonth', '2d', '2026-10-25,2026-10-26'];
      const times = ['2026-03-29T00:30:00Z', '2026-10-25T22:30:00Z', '2026-11-01T05:30:00Z'].map(Date.parse);
      const all = () => times.map((now) => words.map((word) => window(word, now)));
      process.env.TZ = 'UTC';
      const inUtc = all();

      process.env.TZ = TZ;

      expect(new Date(times[0] ?? 0).getHours()).not.toBe(0);
      expect(all()).toEqual(inUtc);
      expect(window('yesterday', times[1])).toBe('2026-10-24T00:00 2026-10-25T00:00');
    },
  );

  it.each([
    ['1h', '2026-03-04T12:00 2026-03-04T13:00'],
    ['24h', '2026-03-03T13:00 2026-03-04T13:00'],
    ['1d', '2026-03-04T00:00 2026-03-05T00:00'],
    ['2w', '2026-02-19T00:00 2026-03-05T00:00'],
    ['45m', '2026-03-04T11:49 2026-03-04T12:34'],
    ['24h offset 1d', '2026-03-02T13:00 2026-03-03T13:00'],
    ['today', '2026-03-04T00:00 2026-03-05T00:00'],
    ['yesterday', '2026-03-03T00:00 2026-03-04T00:00'],
    ['week', '2026-03-01T00:00 2026-03-05T00:00'],
    ['lastweek', '2026-02-22T00:00 2026-03-01T00:00'],
    ['month', '2026-03-01T00:00 2026-03-05T00:00'],
    ['lastmonth', '2026-02-01T00:00 2026-03-01T00:00'],
    ['2026-03-01,2026-03-02', '2026-03-01T00:00 2026-03-02T00:00'],
    ['1772323200-1772326800', '2026-03-01T00:00 2026-03-01T01:00'],
  ])('reads %s', (text, range) => {
    expect(window(text)).toBe(range);
  });

  it('takes the hour that begins now as the running one', () => {
    expect(window('1h', Date.parse('2026-03-04T12:00:00Z'))).toBe('2026-03-04T12:00 2026-03-04T13:00');
    expect(window('1d', Date.parse('2026-03-04T00:00:00Z'))).toBe('2026-03-04T00:00 2026-03-05T00:00');
  });

  it('takes a Sunday as the first day of its week', () => {
    expect(window('week', Date.parse('2026-03-01T08:00:00Z'))).toBe('2026-03-01T00:00 2026-03-02T00:00');
  });

  it.each(['0h', '1', 'h', 'tomorrow', '2026-03-02,2026-03-01', '2026-03-01,2026-03-01', '99999w'])(
    'refuses %s',
    (text) => {
      expect(window(text)).toBeUndefined();
    },
  );

  it('tells a window that ends before it starts from text that is none', () => {
    expect(writtenWindow('2026-03-02,2026-03-01', NOW)).toMatchObject({ from: Date.parse('2026-03-02') });
    expect(writtenWindow('soon', NOW)).toBeUndefined();
  });
});

it('reads steps', () => {
  expect(['15m', '1h', '2d', '1w'].map(parseStep)).toEqual([900_000, 3_600_000, 172_800_000, 604_800_000]);
  expect(['0h', '1y', ''].map(parseStep)).toEqual([undefined, undefined, undefined]);
});
