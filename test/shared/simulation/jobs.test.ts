import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { drawJobs, latestStart, parseJobs } from '../../../shared/simulation/jobs.ts';

const HEADER = 'arrival,duration_hours,slack_hours,power_watts';
const DRAW = { count: 2_000, seed: 1, from: 0, to: 1_000 * HOUR_MS, slackHours: 6, wattsPerCore: 10 };

describe('parseJobs', () => {
  it('reads a job a line', () => {
    const [job] = parseJobs(`\uFEFF${HEADER}\r\n2021-03-01T12:00:00+01:00, 2.5, 0, 300\r\n`);

    expect(job).toEqual({ arrival: Date.parse('2021-03-01T11:00:00Z'), durationHours: 2.5, slackHours: 0, watts: 300 });
    expect(job && latestStart({ ...job, slackHours: 2 })).toBe(Date.parse('2021-03-01T13:00:00Z'));
  });

  it.each([
    ['2021-03-01T12:00:00,1,1,1', 'line 2'],
    ['2021-03-01T12:00:00Z,0,1,1', 'line 2'],
    ['2021-03-01T12:00:00Z,1,-1,1', 'line 2'],
    ['2021-03-01T12:00:00Z,1,1,0', 'line 2'],
    ['2021-03-01T12:00:00Z,1,1', 'line 2'],
    ['2021-03-01T12:00:00Z,1,1,1,1', 'line 2'],
    ['2021-03-01T12:00:00Z,1,,1', 'line 2'],
  ])('refuses %s and names the line', (line, place) => {
    expect(() => parseJobs(`${HEADER}\n${line}`)).toThrow(place);
  });

  it.each([
    ['a time', 'yesterday,1,1,1', 'line 5: "yesterday"'],
    ['an endless duration', '2021-03-01T12:00:00Z,1e400,1,1', 'line 5: duration'],
    ['a cell too many', '2021-03-01T12:00:00Z,1,1,1,1', 'line 5: duration'],
  ])('names the line of the file with %s that is not valid, blank lines counted', (_, row, message) => {
    expect(() => parseJobs(`\n${HEADER}\r\n\r\n\r\n${row}`)).toThrow(message);
  });

  it('refuses a file without the header', () => {
    expect(() => parseJobs('2021-03-01T12:00:00Z,1,1,1')).toThrow(HEADER);
  });
});

describe('drawJobs', () => {
  const jobs = drawJobs({ hours: { 50: 1, 100: 3 }, cores: { 50: 0.2, 100: 4 } }, DRAW);

  it('draws run times linear between percentiles, and at least one core', () => {
    const hours = jobs.map(({ durationHours }) => durationHours);
    const short = hours.filter((each) => each === 1).length / hours.length;

    expect(short).toBeGreaterThan(0.46);
    expect(short).toBeLessThan(0.54);
    expect(Math.max(...hours)).toBeLessThanOrEqual(3);
    const between = hours.filter((each) => each > 1 && each <= 2).length / hours.length;
    expect(between).toBeGreaterThan(0.21);
    expect(between).toBeLessThan(0.29);
    expect(Math.min(...jobs.map(({ watts }) => watts))).toBe(10);
    expect(Math.max(...jobs.map(({ watts }) => watts))).toBe(40);
  });

  it('draws the lowest value below the first percentile, and the highest above the last', () => {
    const drawn = drawJobs({ hours: { 20: 2, 90: 9 }, cores: { 50: 1 } }, DRAW).map(
      ({ durationHours }) => durationHours,
    );
    const shareOf = (hours: number) => drawn.filter((each) => each === hours).length / drawn.length;

    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([2, 9]);
    expect(shareOf(2)).toBeCloseTo(0.2, 1);
    expect(shareOf(9)).toBeCloseTo(0.1, 1);
  });

  it('draws arrivals within the span, in order, and the same ones for the same seed', () => {
    const arrivals = jobs.map(({ arrival }) => arrival);

    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    expect(arrivals[0]).toBeGreaterThanOrEqual(DRAW.from);
    expect(arrivals.at(-1)).toBeLessThan(DRAW.to);
    expect(drawJobs({ hours: { 50: 1 }, cores: { 50: 1 } }, { ...DRAW, count: 3 })).toEqual(
      drawJobs({ hours: { 50: 1 }, cores: { 50: 1 } }, { ...DRAW, count: 3 }),
    );
    expect(drawJobs({ hours: { 50: 1 }, cores: { 50: 1 } }, { ...DRAW, count: 3, seed: 2 })).not.toEqual(
      drawJobs({ hours: { 50: 1 }, cores: { 50: 1 } }, { ...DRAW, count: 3 }),
    );
  });
});
