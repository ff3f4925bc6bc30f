import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { historyForecaster } from '../../../../poller/grid/history-forecaster.ts';
import { configuredWeather } from '../../../../poller/grid/weather/configured-weather.ts';
import type { HourlyIntensity } from '../../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';
import { startOpenMeteo } from '../../../doubles/open-meteo.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { seeded } from '../../../shared/forecast/synthetic-zones.ts';

const NL = zone('NL');
const NOW = Date.parse('2026-03-10T12:00:00Z');
const LIVE = new AbortController().signal;
const PAST_HOURS = 90 * 24;

function weatherOf(env: Record<string, string>) {
  const config = loadConfig('poller', pollerConfigSchema, env);
  return configuredWeather(config, new FakeClock('2026-03-10T12:00:00Z'), capturedLog());
}

/** Wind that changes over a day or two, by hour from the first known one on. */
function windAt(): (time: number) => number {
  const random = seeded(6);
  let level = 0;
  const values = Array.from({ length: PAST_HOURS + 5 * 24 }, () => {
    level = 0.96 * level + 2 * (random() - 0.5);
    return Math.max(0, 8 + 2 * level);
  });
  return (time) => values[(time - NOW) / HOUR_MS + PAST_HOURS] ?? 8;
}

describe('configuredWeather', () => {
  it('is off, and sends nothing, until it is switched on', async () => {
    await using double = await startOpenMeteo();

    expect(weatherOf({ WEATHER_URL: double.url })).toBeUndefined();
    expect(double.requests).toEqual([]);
  });

  it('lets our own forecast of a windy zone follow the wind, with one request', async () => {
    await using double = await startOpenMeteo();
    double.now = () => NOW;
    const wind = windAt();
    double.weatherAt = (variable, _, time) => (variable.startsWith('wind') ? wind(time) : 10);
    const row = (hour: number): HourlyIntensity => ({
      ...{ zone: NL, hour, carbonIntensity: gramsPerKwh(500 - 20 * wind(hour)) },
      ...{ provider: 'test', signal: 'average', quality: 'measured' },
    });
    const past = Array.from({ length: PAST_HOURS }, (_, index) => row(NOW - (PAST_HOURS - index) * HOUR_MS));
    const store = { intensities: async () => past };
    const weather = weatherOf({ WEATHER_PROVIDER: 'open-meteo', WEATHER_URL: double.url });
    const errorOf = async (source: typeof weather) => {
      const points = (await historyForecaster(store, [NL], source)(NL, NOW, past, LIVE)) ?? [];
      expect(points).toHaveLength(72);
      return points.reduce((sum, { datetime, carbonIntensity }) => {
        return sum + Math.abs(carbonIntensity - row(datetime).carbonIntensity) / points.length;
      }, 0);
    };

    expect(await errorOf(weather)).toBeLessThan((await errorOf(undefined)) / 2);
    expect(double.requests).toHaveLength(1);
  });
});
