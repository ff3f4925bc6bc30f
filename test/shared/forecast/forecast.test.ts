import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ForecastModel,
  type ForecastRequest,
  fitForecast,
  forecast,
  forecastWith,
} from '../../../shared/forecast/forecast.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import { PAST_START, seeded, syntheticHistories, syntheticPast, timeAfter } from './synthetic-zones.ts';

const DE = zone('DE');
const DAYS_80 = 80 * 24;

function mapped(histories: ReadonlyMap<Zone, HourlySeries>, change: (value: number, hour: number) => number) {
  return new Map([...histories].map(([of, { start, values }]) => [of, { start, values: values.map(change) }] as const));
}

describe('forecast', () => {
  test('reaches 72 hours from the hour in progress, hour by hour, each value within its band', () => {
    const now = timeAfter(DAYS_80) + 20 * 60_000;

    const points = forecast({ zone: DE, now, histories: syntheticHistories(DAYS_80) }) ?? [];

    expect(points.map(({ datetime }) => datetime)).toEqual(
      Array.from({ length: 72 }, (_, ahead) => timeAfter(DAYS_80) + ahead * HOUR_MS),
    );
    for (const { low, carbonIntensity, high } of points) {
      expect(low).toBeLessThan(carbonIntensity);
      expect(high).toBeGreaterThan(carbonIntensity);
    }
  });

  test.each([10 * 24, 30 * 24, 59 * 24 + 7, 80 * 24 + 13])(
    'does not change when anything after %i hours of history changes',
    (hour) => {
      const past = syntheticHistories(90 * 24);
      const random = seeded(7);
      const otherFuture = mapped(past, (value, index) => (index > hour ? 1000 * random() : value));
      const noFuture = mapped(past, (value, index) => (index > hour ? Number.NaN : value));
      const request = (histories: ForecastRequest['histories']) => ({ zone: DE, now: timeAfter(hour), histories });

      const points = forecast(request(past));

      expect(points).toHaveLength(72);
      expect(forecast(request(otherFuture))).toEqual(points);
      expect(forecast(request(noFuture))).toEqual(points);
    },
  );

  test('does change with the last known hour, of the zone itself and of a neighbour', () => {
    const own = syntheticPast(DAYS_80, 1);
    const neighbour = { start: own.start, values: own.values.map((value, hour) => value + (hour % 5)) };
    const bumped = ({ start, values }: HourlySeries) => ({ start, values: values.with(-1, 900) });
    const now = timeAfter(DAYS_80);
    const model = fitForecast({
      zone: DE,
      now,
      histories: new Map([
        [DE, own],
        [zone('NL'), neighbour],
      ]),
    });
    if (!model) throw new Error('no model');
    const first = (histories: ForecastRequest['histories']) =>
      forecastWith(model, { now, histories })?.[0]?.carbonIntensity;

    const plain = first(
      new Map([
        [DE, own],
        [zone('NL'), neighbour],
      ]),
    );

    expect(model.neighbours.map((other) => other.zone)).toEqual(['NL']);
    expect(
      first(
        new Map([
          [DE, bumped(own)],
          [zone('NL'), neighbour],
        ]),
      ),
    ).not.toBe(plain);
    expect(
      first(
        new Map([
          [DE, own],
          [zone('NL'), bumped(neighbour)],
        ]),
      ),
    ).not.toBe(plain);
  });

  test('gives the reading of the hour in progress, not a guess, where it is known', () => {
    const histories = syntheticHistories(DAYS_80);

    const points = forecast({ zone: DE, now: timeAfter(DAYS_80) - 1, histories });

    const reading = histories.get(DE)?.values.at(-1);
    expect(points?.[0]).toEqual({
      datetime: timeAfter(DAYS_80 - 1),
      carbonIntensity: reading,
      low: reading,
      high: reading,
    });
    expect(points).toHaveLength(72);
  });

  test('learns a day that repeats exactly', () => {
    const values = Float64Array.from({ length: DAYS_80 }, (_, hour) => 200 + 10 * (hour % 24));
    const histories = new Map([[DE, { start: PAST_START, values }]]);

    const points = forecast({ zone: DE, now: timeAfter(DAYS_80), histories }) ?? [];

    for (const [ahead, { carbonIntensity }] of points.entries())
      expect(carbonIntensity).toBeCloseTo(200 + 10 * (ahead % 24), 3);
  });

  test('is surer of the next hour than of the day after tomorrow', () => {
    const points = forecast({ zone: DE, now: timeAfter(DAYS_80), histories: syntheticHistories(DAYS_80) }) ?? [];

    const width = (ahead: number) => (points[ahead]?.high ?? Number.NaN) - (points[ahead]?.low ?? Number.NaN);
    expect(width(0)).toBeLessThan(width(48) / 2);
  });

  test('holds about four fifths of what comes within its band', () => {
    const hours = 200 * 24;
    const whole = syntheticPast(hours, 11);
    let model: ForecastModel | undefined;
    let within = 0;
    let all = 0;

    for (let hour = 80 * 24; hour + 72 < hours; hour += 53) {
      const known = new Map([[DE, { start: whole.start, values: whole.values.subarray(0, hour) }]]);
      if (hour % 4 === 0) model = fitForecast({ zone: DE, now: timeAfter(hour), histories: known }) ?? model;
      const points = (model && forecastWith(model, { now: timeAfter(hour), histories: known })) ?? [];
      for (const [ahead, { low = 0, high = 0 }] of points.entries()) {
        const actual = whole.values[hour + ahead] as number;
        all += 1;
        if (actual >= low && actual <= high) within += 1;
      }
    }

    expect(all).toBeGreaterThan(3000);
    expect(within / all).toBeGreaterThan(0.72);
    expect(within / all).toBeLessThan(0.92);
  });

  test('comes closer than yesterday does', () => {
    const whole = syntheticPast(100 * 24, 21);
    let ours = 0;
    let yesterdays = 0;

    for (let hour = 80 * 24; hour + 24 <= 100 * 24; hour += 31) {
      const histories = new Map([[DE, { start: whole.start, values: whole.values.subarray(0, hour) }]]);
      const points = forecast({ zone: DE, now: timeAfter(hour), histories, horizonHours: 24 }) ?? [];
      for (const [ahead, { carbonIntensity }] of points.entries()) {
        const actual = whole.values[hour + ahead] as number;
        ours += Math.abs(carbonIntensity - actual);
        yesterdays += Math.abs((whole.values[hour + ahead - 24] as number) - actual);
      }
    }

    expect(yesterdays).toBeGreaterThan(0);
    expect(ours).toBeLessThan(0.8 * yesterdays);
  });
});

describe('forecast without enough history', () => {
  test('says nothing about a zone that it has no history of', () => {
    expect(
      forecast({ zone: zone('PL'), now: timeAfter(DAYS_80), histories: syntheticHistories(DAYS_80) }),
    ).toBeUndefined();
  });

  test('says nothing before a day is nearly known, and something after', () => {
    const of = (hours: number) => forecast({ zone: DE, now: timeAfter(hours), histories: syntheticHistories(hours) });

    expect(of(19)).toBeUndefined();
    expect(of(20)).toHaveLength(72);
    expect(of(7 * 24)).toHaveLength(72);
  });

  test('says nothing when the newest reading is older than three days', () => {
    const at = (hours: number) => forecast({ zone: DE, now: timeAfter(hours), histories: syntheticHistories(DAYS_80) });

    expect(at(DAYS_80 + 71)).toHaveLength(72);
    expect(at(DAYS_80 + 72)).toBeUndefined();
  });

  test('starts from the hour in progress even when the last readings are missing', () => {
    const points = forecast({ zone: DE, now: timeAfter(DAYS_80 + 5), histories: syntheticHistories(DAYS_80) });

    expect(points?.[0]?.datetime).toBe(timeAfter(DAYS_80 + 5));
    expect(points).toHaveLength(72);
  });

  test('stands on the plain profile until five weeks are known, and on learnt corrections then', () => {
    const modelAfter = (days: number) =>
      fitForecast({ zone: DE, now: timeAfter(days * 24), histories: syntheticHistories(days * 24) });

    expect(modelAfter(30)?.coefficients).toBeUndefined();
    expect(modelAfter(40)?.coefficients).toBeDefined();
  });
});

describe('forecast from a history with gaps', () => {
  test('keeps within reason whatever hours are missing', () => {
    const whole = syntheticHistories(60 * 24);

    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.double({ min: 0, max: 0.6, noNaN: true }), (seed, lost) => {
        const random = seeded(seed);
        const histories = mapped(whole, (value) => (random() < lost ? Number.NaN : value));

        const points = forecast({ zone: DE, now: timeAfter(60 * 24), histories });

        for (const { carbonIntensity, low = Number.NaN, high = Number.NaN } of points ?? []) {
          expect(carbonIntensity).toBeGreaterThan(150);
          expect(carbonIntensity).toBeLessThan(450);
          expect(low).toBeLessThanOrEqual(carbonIntensity);
          expect(high).toBeGreaterThanOrEqual(carbonIntensity);
        }
        if (lost < 0.3) expect(points).toHaveLength(72);
      }),
      { numRuns: 25 },
    );
  });

  test('still learns when every tenth hour and a whole day are missing', () => {
    const histories = mapped(syntheticHistories(DAYS_80), (value, hour) =>
      hour % 10 === 3 || (hour >= 1000 && hour < 1024) ? Number.NaN : value,
    );

    const model = fitForecast({ zone: DE, now: timeAfter(DAYS_80), histories });

    expect(model?.coefficients).toBeDefined();
  });

  test('never goes below zero in a zone that is nearly clean', () => {
    const values = syntheticPast(DAYS_80, 5, 10, 9).values.map((value) => Math.max(0, value));
    const histories = new Map([[DE, { start: PAST_START, values }]]);

    const points = forecast({ zone: DE, now: timeAfter(DAYS_80), histories }) ?? [];

    expect(points).toHaveLength(72);
    for (const { carbonIntensity, low } of points) {
      expect(carbonIntensity).toBeGreaterThanOrEqual(0);
      expect(low).toBeGreaterThanOrEqual(0);
    }
  });
});
