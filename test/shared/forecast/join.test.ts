import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Accuracy } from '../../../shared/forecast/accuracy.ts';
import { joinForecasts, type SourcedForecast } from '../../../shared/forecast/join.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';

const SIX_PM = Date.parse('2026-03-01T18:00:00Z');

function points(values: readonly number[], from = SIX_PM, band?: number): ForecastPoint[] {
  return values.map((value, index) => ({
    datetime: from + index * HOUR_MS,
    carbonIntensity: gramsPerKwh(value),
    ...(band !== undefined && { low: gramsPerKwh(value - band), high: gramsPerKwh(value + band) }),
  }));
}

function flat(value: number, hours: number): number[] {
  return new Array<number>(hours).fill(value);
}

function provider(values: readonly number[], more: Partial<SourcedForecast> = {}): SourcedForecast {
  return { source: 'energy-charts', points: points(values), ...more };
}

function own(values: readonly number[], more: Partial<SourcedForecast> = {}): SourcedForecast {
  return { source: 'history', points: points(values, SIX_PM, 20), ...more };
}

function skill(meanAbsoluteError: number, compared = 100): Accuracy[] {
  return [{ hoursAhead: 3, compared, meanAbsoluteError, yesterdayMeanAbsoluteError: 50, bias: 0 }];
}

describe('joinForecasts', () => {
  it("continues a provider's forecast that ends at midnight with our own, to 72 hours", () => {
    const joined = joinForecasts(SIX_PM, provider(flat(300, 6)), own(flat(300, 72)));

    expect(joined).toHaveLength(72);
    expect(joined.map(({ source }) => source)).toEqual([
      ...new Array(6).fill('energy-charts'),
      ...new Array(66).fill('history'),
    ]);
    expect(new Set(joined.map(({ datetime }) => datetime)).size).toBe(72);
  });

  it('shifts our own forecast to meet the provider at the seam, and fades the shift back to nothing', () => {
    const joined = joinForecasts(SIX_PM, provider(flat(400, 6)), own(flat(300, 72)));
    const values = joined.map(({ carbonIntensity }) => carbonIntensity as number);

    expect(values[5]).toBe(400);
    expect(values[6]).toBeGreaterThan(390);
    expect(values[6]).toBeLessThan(400);
    expect(values[18]).toBeCloseTo(300 + 100 * Math.exp(-13 / 12), 6);
    expect(values[71]).toBeCloseTo(300, 0);
    for (let hour = 7; hour < 72; hour++) expect(values[hour]).toBeLessThan(values[hour - 1] as number);
  });

  it('keeps the width of our band around the shifted values', () => {
    const joined = joinForecasts(SIX_PM, provider(flat(400, 6)), own(flat(300, 72)));

    for (const { carbonIntensity, low = Number.NaN, high = Number.NaN } of joined) {
      expect(carbonIntensity - low).toBeCloseTo(20, 6);
      expect(high - carbonIntensity).toBeCloseTo(20, 6);
    }
  });

  it('fills a gap within the provider from our own, shifted to both edges', () => {
    const gap = [...points([350, 350]), ...points([350, 350], SIX_PM + 4 * HOUR_MS)];

    const joined = joinForecasts(SIX_PM, { source: 'p', points: gap }, own(flat(300, 72)));

    expect(joined.slice(0, 6).map(({ source }) => source)).toEqual(['p', 'p', 'history', 'history', 'p', 'p']);
    for (const { carbonIntensity } of joined.slice(2, 4)) {
      expect(carbonIntensity).toBeGreaterThan(330);
      expect(carbonIntensity).toBeLessThanOrEqual(350);
    }
  });

  it('trusts the provider alone while no skill is known, or too few hours were compared', () => {
    for (const accuracy of [undefined, [], skill(1, 23)]) {
      const joined = joinForecasts(
        SIX_PM,
        provider([400], { accuracy: skill(30) }),
        own([300], accuracy && { accuracy }),
      );

      expect(joined[0]).toMatchObject({ carbonIntensity: 400, source: 'energy-charts' });
    }
  });

  it('has a value whatever the errors were, down to none at all', () => {
    const of = (their: number, our: number) =>
      joinForecasts(SIX_PM, provider([400], { accuracy: skill(their) }), own([300], { accuracy: skill(our) }))[0];

    expect([of(0, 0), of(0, 1e-200), of(1e-200, 0), of(1e-200, 1e-200)]).toMatchObject([
      { carbonIntensity: 400, source: 'energy-charts' },
      { carbonIntensity: 400, source: 'energy-charts' },
      { carbonIntensity: 300, source: 'history' },
      { carbonIntensity: 350 },
    ]);
  });

  it('weighs two sources by the inverse square of their recent errors, and names both', () => {
    const joined = joinForecasts(SIX_PM, provider([400], { accuracy: skill(20) }), own([300], { accuracy: skill(10) }));

    expect(joined[0]).toMatchObject({ carbonIntensity: 320, low: 300, high: 340, source: 'energy-charts+history' });
  });

  it('leaves out a source that was far worse', () => {
    const bad = joinForecasts(SIX_PM, provider([400], { accuracy: skill(100) }), own([300], { accuracy: skill(10) }));
    const good = joinForecasts(SIX_PM, provider([400], { accuracy: skill(10) }), own([300], { accuracy: skill(100) }));

    expect(bad[0]).toMatchObject({ carbonIntensity: 300, source: 'history' });
    expect(good[0]).toMatchObject({ carbonIntensity: 400, source: 'energy-charts' });
  });

  it('is the one forecast that there is, and empty without any', () => {
    expect(joinForecasts(SIX_PM, provider([1, 2]), undefined).map(({ source }) => source)).toEqual([
      'energy-charts',
      'energy-charts',
    ]);
    expect(joinForecasts(SIX_PM, undefined, own([1, 2])).map(({ source }) => source)).toEqual(['history', 'history']);
    expect(joinForecasts(SIX_PM, undefined, undefined)).toEqual([]);
  });

  it('ignores hours that are over, and keeps the one in progress', () => {
    const joined = joinForecasts(SIX_PM + HOUR_MS + 1, provider([1, 2, 3]), undefined);

    expect(joined.map(({ carbonIntensity }) => carbonIntensity)).toEqual([2, 3]);
  });

  it('is ascending and without repetitions, negative or longer than asked, whatever the provider sends', () => {
    const wild = fc.array(
      fc.record({ hour: fc.integer({ min: -30, max: 120 }), value: fc.double({ min: 0, max: 900, noNaN: true }) }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(wild, fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { maxLength: 80 }), (sent, mine) => {
        const theirs = sent.map(({ hour, value }) => ({
          datetime: SIX_PM + hour * HOUR_MS,
          carbonIntensity: gramsPerKwh(value),
        }));

        const joined = joinForecasts(SIX_PM, { source: 'p', points: theirs }, own(mine));

        const hours = joined.map(({ datetime }) => (datetime - SIX_PM) / HOUR_MS);
        expect(hours).toEqual([...new Set(hours)].sort((a, b) => a - b));
        expect(hours.every((hour) => hour >= 0 && hour < 72)).toBe(true);
        for (const { carbonIntensity } of joined) expect(carbonIntensity).toBeGreaterThanOrEqual(0);
        const known = new Set([...theirs, ...own(mine).points].map(({ datetime }) => datetime));
        expect(joined.every(({ datetime }) => known.has(datetime))).toBe(true);
      }),
    );
  });
});
