import { beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../poller/grid/provider.ts';
import { createWeatherSource, type WeatherSourceOptions } from '../../../../poller/grid/weather/weather-source.ts';
import { cut } from '../../../../shared/forecast/series.ts';
import type { ZoneWeather } from '../../../../shared/forecast/weather.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { capturedLog } from '../../../captured-log.ts';
import { FakeClock } from '../../../fake-clock.ts';

const DE = zone('DE');
const LIVE = new AbortController().signal;
const DAY_MS = 24 * HOUR_MS;
let clock: FakeClock;
let requested: number[];
let wind: number;
let isDown: boolean;

beforeEach(() => {
  clock = new FakeClock('2026-03-10T12:20:00Z');
  [requested, wind, isDown] = [[], 8, false];
});

function source(more: Partial<WeatherSourceOptions> = {}) {
  return createWeatherSource({
    clock,
    logger: capturedLog(),
    pointsOf: () => [{ latitude: 52, longitude: 9, weight: 1 }],
    async fetch({ zone, pastDays }) {
      requested.push(pastDays);
      if (isDown) throw new ProviderError({ provider: 'open-meteo', zone, reason: 'unavailable', detail: 'down' });
      return weather(pastDays);
    },
    ...more,
  });
}

function weather(pastDays: number): ZoneWeather {
  const start = Math.floor(clock.now() / DAY_MS) * DAY_MS - pastDays * DAY_MS;
  const series = { start, values: new Float64Array((pastDays + 4) * 24).fill(wind) };
  return { byLead: [{ wind: series, temperature: series, radiation: series }] };
}

const windAt = (of: ZoneWeather | undefined, time: number) => of && cut(of.byLead[0].wind, time, 1)[0];

describe('createWeatherSource', () => {
  it('reads the archive once, and the last days every six hours, which replace what was forecast before', async () => {
    const of = source();
    await of.weatherOf(DE, LIVE);
    await clock.advance(5 * HOUR_MS);
    await of.weatherOf(DE, LIVE);
    await clock.advance(HOUR_MS);
    wind = 11;

    const renewed = await of.weatherOf(DE, LIVE);

    expect(requested).toEqual([92, 5]);
    expect(windAt(renewed, Date.parse('2026-01-01T00:00:00Z'))).toBe(8);
    expect(windAt(renewed, Date.parse('2026-03-12T00:00:00Z'))).toBe(11);
  });

  it('keeps the last weather while the service is down, asks again after a quarter of an hour, and has none after a day', async () => {
    const of = source();
    await of.weatherOf(DE, LIVE);
    isDown = true;
    await clock.advance(6 * HOUR_MS);

    const kept = await of.weatherOf(DE, LIVE);
    await of.weatherOf(DE, LIVE);
    await clock.advance(HOUR_MS / 4);
    await of.weatherOf(DE, LIVE);
    await clock.advance(18 * HOUR_MS);

    expect(windAt(kept, clock.now() - DAY_MS)).toBe(8);
    expect(requested).toEqual([92, 5, 5]);
    expect(await of.weatherOf(DE, LIVE)).toBeUndefined();
  });

  it('fills a gap of more than five days from the archive', async () => {
    const of = source();
    await of.weatherOf(DE, LIVE);
    await clock.advance(6 * DAY_MS);

    await of.weatherOf(DE, LIVE);

    expect(requested).toEqual([92, 92]);
  });

  it('requests nothing for a zone without points', async () => {
    expect(await source({ pointsOf: () => [] }).weatherOf(DE, LIVE)).toBeUndefined();
    expect(requested).toEqual([]);
  });
});
