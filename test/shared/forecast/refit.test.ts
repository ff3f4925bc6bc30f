import { describe, expect, it } from 'vitest';
import { usualShape } from '../../../shared/forecast/climatology.ts';
import type { ForecastModel } from '../../../shared/forecast/forecast.ts';
import { fitForecast, forecastWith } from '../../../shared/forecast/forecast.ts';
import { refitForecast } from '../../../shared/forecast/refit.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { PAST_START, seeded, syntheticPast, timeAfter } from './synthetic-zones.ts';

const DE = zone('DE');
const FIRST = 30 * 24;

/** A past whose noise grows (or shrinks) from a day on to a multiple. */
function noisyPast(days: number, changedAt: number, factor: number): HourlySeries {
  const random = seeded(7);
  const values = syntheticPast(days * 24, 4).values.map((value, hour) => {
    const size = hour < 24 * changedAt ? 20 : 20 * factor;
    return value + size * (random() - 0.5);
  });
  return { start: PAST_START, values };
}

/** Share of the values one hour ahead that the band held, in the days `[from, to)`, with a fit each day. */
function heldOf(past: HourlySeries, from: number, to: number): number {
  let model: ForecastModel | undefined;
  let [held, compared] = [0, 0];
  const histories = new Map([[DE, past]]);
  for (let hour = FIRST; hour < 24 * to; hour++) {
    const now = timeAfter(hour);
    if (hour % 24 === 0) model = refitForecast(model, { zone: DE, now, histories, horizonHours: 4 });
    if (hour < 24 * from) continue;
    const next = (model && forecastWith(model, { now, histories }))?.[1];
    const actual = past.values[hour + 1];
    if (next?.low === undefined || next.high === undefined || actual === undefined) continue;
    compared += 1;
    if (actual >= next.low && actual <= next.high) held += 1;
  }
  return held / compared;
}

describe('refitForecast', () => {
  it('is a plain fit without a former model, and for another zone, and at no later time', () => {
    const histories = new Map([[DE, syntheticPast(60 * 24, 1)]]);
    const request = { zone: DE, now: timeAfter(55 * 24), histories, horizonHours: 6, shape: usualShape(DE) };
    const plain = fitForecast(request);

    expect(refitForecast(undefined, request)).toEqual(plain);
    expect(refitForecast(plain, request)).toEqual(plain);
    expect(refitForecast(plain && { ...plain, zone: zone('FR'), fittedAt: request.now - 1 }, request)).toEqual(plain);
  });

  it('widens a band that held too few of the new values, and narrows one that held too many', () => {
    const grown = noisyPast(60, 50, 4);
    const shrunk = noisyPast(60, 50, 0.25);
    const sharesOf = (past: HourlySeries) => {
      const request = { zone: DE, histories: new Map([[DE, past]]), horizonHours: 6 };
      const former = fitForecast({ ...request, now: timeAfter(50 * 24) });
      const before = former?.band?.shares[0] ?? Number.NaN;
      const after = refitForecast(former, { ...request, now: timeAfter(55 * 24) })?.band?.shares[0] ?? Number.NaN;
      return { before, after };
    };

    expect(sharesOf(grown).after).toBeGreaterThan(sharesOf(grown).before + 0.05);
    expect(sharesOf(shrunk).after).toBeLessThan(sharesOf(shrunk).before - 0.02);
  });

  it('holds 78 to 82 % in the long run where the zone becomes ever less steady', () => {
    const random = seeded(11);
    const { values } = syntheticPast(145 * 24, 4);
    const restless = { start: PAST_START, values: values.map((value, hour) => value + (hour / 60) * (random() - 0.5)) };

    const held = heldOf(restless, 45, 145);

    expect(held).toBeGreaterThan(0.78);
    expect(held).toBeLessThan(0.82);
  });

  it('leaves values of more than a week ago out: after a longer silence the band goes on as it was', () => {
    const past = noisyPast(60, 50, 8);
    // After day 52 nothing is known but the present hour.
    past.values.fill(Number.NaN, 52 * 24, 59 * 24);
    past.values.fill(Number.NaN, 59 * 24 + 1);
    const request = { zone: DE, histories: new Map([[DE, past]]), horizonHours: 6 };
    const former = fitForecast({ ...request, now: timeAfter(50 * 24) });

    const refitted = refitForecast(former, { ...request, now: timeAfter(59 * 24) });

    expect(refitted?.band?.shares).toEqual(former?.band?.shares);
  });

  it('counts hours ahead from the last known value, as the band does, not from now', () => {
    const past = noisyPast(60, 50, 8);
    // In the days after the fit every seventh hour is known, so that five of six forecasts begin in a gap.
    for (let hour = 50 * 24 + 1; hour < 60 * 24; hour++) if ((hour - 50 * 24) % 7 !== 0) past.values[hour] = Number.NaN;
    const request = { zone: DE, histories: new Map([[DE, past]]), horizonHours: 14 };
    const former = fitForecast({ ...request, now: timeAfter(50 * 24) });

    const refitted = refitForecast(former, { ...request, now: timeAfter(55 * 24) });

    // Nothing comes in the first six hours after a value: groups 0 (1 h), 1 (2-3 h) and 2 (4-6 h) are as they were.
    const [before, after] = [former?.band?.shares ?? [], refitted?.band?.shares ?? []];
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    expect(after[3]).not.toBe(before[3]);
  });

  it('judges by values that the former model had not seen only', () => {
    const past = noisyPast(60, 50, 4);
    const request = { zone: DE, histories: new Map([[DE, past]]), horizonHours: 6 };
    const former = fitForecast({ ...request, now: timeAfter(50 * 24) });
    const atOnce = refitForecast(former, { ...request, now: timeAfter(50 * 24) + 1 });

    expect(atOnce?.band?.shares).toEqual(former?.band?.shares);
  });
});
