import type { HourlySeries } from '../../../shared/forecast/series.ts';
import type { Weather } from '../../../shared/forecast/weather.ts';
import type { Trace } from '../../../shared/grid/trace.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone as zoneOf } from '../../../shared/grid/zones.ts';
import { randomOf } from '../../../shared/simulation/random.ts';
import { type Forecasts, forecastsOf } from './forecasts.ts';
import { planAndRevise } from './policies.ts';
import { dayAheadError } from './scenarios.ts';
import { FIRST_START, type Sample, shareOf } from './shares.ts';
import { weatherYears } from './years.ts';

const YEAR_HOURS = 365 * 24;
/** The archive holds the run of each day: what is forecast for tomorrow misses the wind by more, in m/s, for hours together. */
const WIND_ERROR = { size: 0.8, carried: 0.95 };

/** Zones with weather. */
export const WEATHER_ZONES: readonly Zone[] = ['DE', 'US-TEX-ERCO', 'ES', 'PL', 'US-MIDA-PJM'].map(zoneOf);

/** Share of the clairvoyant saving and day-ahead MAPE of a zone's last year, without weather, with the archived and with noisier weather. */
export function weatherShares(zone: Zone, sample: Sample): Record<string, number> {
  const known = weatherYears().get(zone);
  if (!known) throw new Error(`no weather of ${zone}`);
  const { intensity, weather } = known;
  const shares: Record<string, number> = {};
  for (const [name, used] of [
    ['none', undefined],
    ['weather', weather],
    ['noisy', { ...weather, wind: noisier(weather.wind) }],
  ] as const) {
    const { trace, forecasts } = lastYear(zone, intensity, used, sample);
    const values = trace.zones.get(zone) as Float64Array;
    shares[`${name} rev`] = shareOf(values, planAndRevise(forecasts), sample.isArrival).share;
    shares[`${name} MAPE`] = dayAheadError(trace, zone, forecasts).ours;
  }
  return shares;
}

/** The last whole year of a series, whose forecasts see all that came before; the trace begins so that the first job arrives with it. */
function lastYear(
  zone: Zone,
  intensity: HourlySeries,
  weather: Weather | undefined,
  sample: Sample,
): { trace: Trace; forecasts: Forecasts } {
  const years = Math.floor(intensity.values.length / YEAR_HOURS);
  const first = (years - 1) * YEAR_HOURS - FIRST_START;
  const values = intensity.values.subarray(first, first + FIRST_START + YEAR_HOURS);
  const start = intensity.start + first * HOUR_MS;
  const trace: Trace = { start, hours: values.length, zones: new Map([[zone, values]]) };
  const historiesAt = (hour: number) =>
    new Map([[zone, { start: intensity.start, values: intensity.values.subarray(0, first + hour + 1) }]]);
  return {
    trace,
    forecasts: forecastsOf(trace, zone, {
      historiesAt,
      refitHours: sample.refitHours,
      isWanted: (hour) => sample.isForecast(hour) || hour % 24 === 0,
      weather: weather && { byLead: [weather] },
    }),
  };
}

function noisier({ start, values }: HourlySeries): HourlySeries {
  const random = randomOf(3);
  // The sum of twelve even draws is nearly normal, with variance 1.
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, draw) => sum + draw, -6);
  const { size, carried } = WIND_ERROR;
  let error = size * normal();
  return {
    start,
    values: values.map((value) => {
      error = carried * error + size * Math.sqrt(1 - carried ** 2) * normal();
      return Math.max(0, value + error);
    }),
  };
}
