import { describe, expect, it } from 'vitest';
import { fitForecast, forecastWith } from '../../../shared/forecast/forecast.ts';
import { cut, type HourlySeries } from '../../../shared/forecast/series.ts';
import type { Weather, ZoneWeather } from '../../../shared/forecast/weather.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { PAST_START, seeded, timeAfter } from './synthetic-zones.ts';

const DE = zone('DE');
const HOURS = 130 * 24;
const NOW = 120 * 24;

/** Wind that changes over a day or two, from 0 to 16 m/s. */
function windOf(seed: number, hours = HOURS): HourlySeries {
  const random = seeded(seed);
  let level = 0;
  const values = Float64Array.from({ length: hours }, () => {
    level = 0.96 * level + 2 * (random() - 0.5);
    return Math.max(0, 8 + 2 * level);
  });
  return { start: PAST_START, values };
}

const constant = (value: number): HourlySeries => ({ start: PAST_START, values: new Float64Array(HOURS).fill(value) });
const weatherOf = (wind: HourlySeries): Weather => ({ wind, temperature: constant(10), radiation: constant(100) });

/** A zone whose intensity falls by 20 gCO2eq/kWh for each m/s of wind. */
function windyZone(wind: HourlySeries): HourlySeries {
  const values = wind.values.map((speed, hour) => 400 + 40 * Math.cos((2 * Math.PI * hour) / 24) - 20 * speed);
  return { start: PAST_START, values };
}

/** Until an hour of the past; nothing is known after. */
const until = ({ start, values }: HourlySeries, hour: number): HourlySeries => ({
  start,
  values: values.subarray(0, hour),
});

function errorOf(intensity: HourlySeries, weather: ZoneWeather | undefined): { error: number; usesWeather: boolean } {
  const histories = (hour: number) => new Map([[DE, until(intensity, hour)]]);
  const model = fitForecast({ zone: DE, now: timeAfter(NOW), histories: histories(NOW), weather });
  let [sum, count] = [0, 0];
  for (let hour = NOW; hour < NOW + 6 * 24; hour += 7) {
    const points = (model && forecastWith(model, { now: timeAfter(hour), histories: histories(hour), weather })) ?? [];
    for (const { datetime, carbonIntensity } of points.slice(1, 34)) {
      sum += Math.abs(carbonIntensity - (cut(intensity, datetime, 1)[0] as number));
      count += 1;
    }
  }
  return { error: sum / count, usesWeather: model?.weather !== undefined };
}

describe('a forecast with weather', () => {
  const wind = windOf(5);
  const intensity = windyZone(wind);

  it('follows the wind that is forecast, where the past alone cannot', () => {
    const without = errorOf(intensity, undefined);
    const together = errorOf(intensity, { byLead: [weatherOf(wind)] });

    expect([without.usesWeather, together.usesWeather]).toEqual([false, true]);
    expect(together.error).toBeLessThan(without.error / 3);
  });

  it('learns from three months of weather beside a longer history', () => {
    const long = 300 * 24;
    const [whole, now] = [windOf(7, long), timeAfter(long)];
    const archive = { start: now - 92 * 24 * HOUR_MS, values: whole.values.subarray(long - 92 * 24) };
    const flat = (value: number) => ({ ...archive, values: archive.values.map(() => value) });
    const weather = { byLead: [{ wind: archive, temperature: flat(10), radiation: flat(100) }] } as const;

    expect(
      fitForecast({ zone: DE, now, histories: new Map([[DE, windyZone(whole)]]), weather })?.weather,
    ).toBeDefined();
  });

  it('leaves weather out that was no gain in the last weeks', () => {
    const without = errorOf(intensity, undefined);
    const unrelated = errorOf(intensity, { byLead: [weatherOf(windOf(99))] });

    expect(unrelated.usesWeather).toBe(false);
    expect(unrelated.error).toBe(without.error);
  });

  it('leaves weather out that was a gain earlier, but none in the weeks that it was not learnt from', () => {
    const long = 300 * 24;
    const [windy, other, now] = [windOf(7, long), windOf(8, long), timeAfter(long)];
    // Wind decides until 16 days ago, then something else does; the last 23 days are not learnt from.
    const turned = long - 16 * 24;
    const driver = windy.values.map((speed, hour) => (hour < turned ? speed : (other.values[hour] as number)));
    const histories = new Map([[DE, windyZone({ start: PAST_START, values: driver })]]);
    const archive = { start: now - 92 * 24 * HOUR_MS, values: windy.values.subarray(long - 92 * 24) };
    const flat = (value: number) => ({ ...archive, values: archive.values.map(() => value) });
    const weather = { byLead: [{ wind: archive, temperature: flat(10), radiation: flat(100) }] } as const;

    expect(fitForecast({ zone: DE, now, histories, weather })?.weather).toBeUndefined();
  });

  it('learns from the wind of the last hours, too, where the intensity follows it with a delay', () => {
    const late = { ...wind, values: wind.values.map((_, hour) => wind.values[Math.max(0, hour - 6)] as number) };
    const delayed = windyZone(late);
    const weather = { byLead: [weatherOf(wind)] } as const;
    const histories = (hour: number) => new Map([[DE, until(delayed, hour)]]);
    const model = fitForecast({ zone: DE, now: timeAfter(NOW), histories: histories(NOW), weather });
    let sum = 0;
    for (let hour = NOW; hour < NOW + 6 * 24; hour++) {
      const points =
        (model && forecastWith(model, { now: timeAfter(hour), histories: histories(hour), weather })) ?? [];
      // Five hours ahead counts what blew in the last known hour.
      sum += Math.abs((points[5]?.carbonIntensity ?? 0) - (cut(delayed, points[5]?.datetime ?? 0, 1)[0] as number));
    }

    expect(model?.weather).toBeDefined();
    expect(sum / (6 * 24)).toBeLessThan(10);
  });

  it('is that without weather for hours whose weather is not known', () => {
    const histories = new Map([[DE, until(intensity, NOW)]]);
    const now = timeAfter(NOW);
    const weather = { byLead: [weatherOf(wind)] } as const;
    const model = fitForecast({ zone: DE, now, histories, weather });
    if (!model) throw new Error('no model');
    const short = { byLead: [weatherOf(until(wind, NOW + 10))] } as const;

    const without = forecastWith(model, { now, histories });
    const whole = forecastWith(model, { now, histories, weather });
    const partly = forecastWith(model, { now, histories, weather: short });

    expect(partly?.slice(0, 10)).toEqual(whole?.slice(0, 10));
    expect(partly?.slice(10)).toEqual(without?.slice(10));
    expect(whole?.[20]?.carbonIntensity).not.toBeCloseTo(without?.[20]?.carbonIntensity ?? 0, 0);
  });

  it('learns an hour ahead from what was forecast that long before, not from what was known later', () => {
    const random = seeded(8);
    const blurred = {
      start: PAST_START,
      values: wind.values.map((speed) => Math.max(0, speed + 12 * (random() - 0.5))),
    };
    const [clear, vague] = [weatherOf(wind), weatherOf(blurred)];
    const histories = new Map([[DE, until(intensity, NOW)]]);
    const fitted = (weather: ZoneWeather) =>
      fitForecast({ zone: DE, now: timeAfter(NOW), histories, weather })?.weather;

    const honest = fitted({ byLead: [clear, vague, vague, vague] });
    const tooGood = fitted({ byLead: [clear] });

    const strength = (learnt: typeof honest, ahead: number) => Math.abs(learnt?.ahead[ahead] ?? 0);
    expect(strength(honest, 5)).toBeCloseTo(strength(tooGood, 5), 0);
    expect(strength(honest, 24)).toBeLessThan(0.8 * strength(tooGood, 24));
  });

  it('sees nothing of the future but forecasts: later values of the past change nothing', () => {
    const weather = { byLead: [weatherOf(wind)] } as const;
    const now = timeAfter(NOW);
    const whole = new Map([[DE, intensity]]);
    const cutOff = new Map([[DE, until(intensity, NOW)]]);
    const of = (histories: Map<typeof DE, HourlySeries>) => {
      const model = fitForecast({ zone: DE, now: now - HOUR_MS, histories, weather });
      return model && forecastWith(model, { now: now - HOUR_MS, histories, weather });
    };

    expect(of(whole)).toEqual(of(cutOff));
  });
});
