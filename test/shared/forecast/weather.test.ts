import { describe, expect, it } from 'vitest';
import {
  PRESENT_INPUTS,
  WEATHER_TERMS,
  type Weather,
  weatherTerms,
  writeWeatherAhead,
  writeWeatherNow,
} from '../../../shared/forecast/weather.ts';
import { PAST_START } from './synthetic-zones.ts';

const HOURS = 40 * 24;
const AHEAD = 48;
const SPAN = { start: PAST_START, hours: HOURS, ahead: AHEAD, firstHour: 0 };
const flat = (value: number) => ({ start: PAST_START, values: new Float64Array(HOURS + AHEAD).fill(value) });

/** Weather that never changes but for its wind. */
function termsOf(wind: (hour: number) => number) {
  const values = flat(0).values.map((_, hour) => wind(hour));
  const weather: Weather = { wind: { start: PAST_START, values }, temperature: flat(10), radiation: flat(100) };
  return weatherTerms({ byLead: [weather] }, SPAN);
}

describe('the weather of a zone', () => {
  it('is wind and its square, radiation, temperature and its squared distance from 16 °C, up to the last hour ahead', () => {
    const terms = termsOf(() => 8);

    expect(terms.map(({ byLead: [known] }) => known?.at(-1))).toEqual([8, 64, 100, 10, 36]);
    expect(terms.map(({ byLead: [known] }) => known?.length)).toEqual(new Array(WEATHER_TERMS).fill(HOURS + AHEAD));
  });

  it('enters as what differs from the usual, in units of how much it usually differs', () => {
    const out = new Float64Array(WEATHER_TERMS);
    // By turns a day of 7 m/s and one of 9: half of the days before have blown as this one, half have not.
    const terms = termsOf((hour) => (hour >= HOURS + 24 ? 12 : 8 + (Math.floor(hour / 24) % 2 === 0 ? 1 : -1)));

    expect(writeWeatherAhead(out, terms, HOURS, 30)).toBe(true);
    expect(out[0]).toBeGreaterThan(2);
    expect(out[0]).toBeLessThan(6);
    // What never differs is 0: neither NaN nor a rounding error made large.
    for (const never of out.slice(2)) expect(never).toBeCloseTo(0, 6);
  });

  it('is not known where the forecast of the weather ends', () => {
    const out = new Float64Array(WEATHER_TERMS);
    const terms = termsOf((hour) => (hour < HOURS + 20 ? 8 : Number.NaN));

    expect([writeWeatherAhead(out, terms, HOURS, 19), writeWeatherAhead(out, terms, HOURS, 20)]).toEqual([true, false]);
  });

  it('of now is that of the last hour, and the mean of the last day', () => {
    const out = new Float64Array(PRESENT_INPUTS);
    // Calm but for the last hour.
    const terms = termsOf((hour) => (hour === HOURS - 1 ? 14 : 8));

    writeWeatherNow(out, 0, terms, HOURS);

    expect(out[0]).toBeGreaterThan(0);
    expect((out[1] as number) / (out[0] as number)).toBeCloseTo(1 / 24, 9);
  });
});
