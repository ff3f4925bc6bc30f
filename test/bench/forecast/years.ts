import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import type { Weather } from '../../../shared/forecast/weather.ts';
import { parseTrace, type Trace } from '../../../shared/grid/trace.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';

/** The trace of 2021 that the product ships: 11 zones. */
export function trace2021(): Trace {
  return parseTrace(text('../../../shared/data/trace-2021.csv.gz'));
}

/** Hourly intensity and archived weather forecasts of one zone. */
export interface WeatherYears {
  readonly intensity: HourlySeries;
  readonly weather: Weather;
}

/** Several years of five zones with weather (CarbonCast, Apache-2.0; NOAA GFS, public domain). */
export function weatherYears(): ReadonlyMap<Zone, WeatherYears> {
  const rows = new Map<Zone, { readonly time: number; readonly values: readonly number[] }[]>();
  for (const line of text('./weather-and-intensity.csv.gz').trim().split('\n').slice(1)) {
    const [code = '', hour = '', ...cells] = line.split(',');
    const of = rows.get(zone(code)) ?? [];
    of.push({ time: Date.parse(hour.replace('Z', ':00Z')), values: cells.map(Number) });
    rows.set(zone(code), of);
  }
  return new Map(
    [...rows].map(([of, known]) => {
      const start = known[0]?.time ?? 0;
      const hours = ((known.at(-1)?.time ?? start) - start) / HOUR_MS + 1;
      const columns = [0, 1, 2, 3].map(() => new Float64Array(hours).fill(Number.NaN));
      for (const { time, values } of known)
        for (const [column, value] of values.entries())
          columns[column]?.fill(value, (time - start) / HOUR_MS, (time - start) / HOUR_MS + 1);
      const [intensity, wind, kelvin, radiation] = columns.map((values) => ({ start, values })) as [
        HourlySeries,
        HourlySeries,
        HourlySeries,
        HourlySeries,
      ];
      const temperature = { start, values: kelvin.values.map((value) => value - 273.15) };
      return [of, { intensity, weather: { wind, temperature, radiation } }];
    }),
  );
}

function text(path: string): string {
  return gunzipSync(readFileSync(new URL(path, import.meta.url))).toString();
}
