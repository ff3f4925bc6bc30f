import { forecast } from '../shared/forecast/forecast.ts';
import { type HourlySeries, hourlySeries } from '../shared/forecast/series.ts';
import type { ForecastPoint } from '../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { IntensityReader } from '../shared/records/power.ts';

/** Longest history to learn from, in milliseconds. */
const LEARN_FROM_MS = 400 * 24 * HOUR_MS;

/** Forecast of a zone from the recorded history alone; undefined when the history is too short or too old. */
export async function ownForecast(
  history: IntensityReader,
  zone: Zone,
  now: EpochMs,
): Promise<readonly ForecastPoint[] | undefined> {
  const hours = await history.intensities(await history.zones(), { from: now - LEARN_FROM_MS, to: now });
  // A yearly average has no hourly shape, and a provider's forecast is not an observation.
  const learnable = hours.filter(
    ({ signal, quality }) => signal === 'average' && quality !== 'yearly-average' && quality !== 'forecast',
  );
  const histories = new Map<Zone, HourlySeries>();
  for (const [of, group] of Map.groupBy(learnable, (hour) => hour.zone)) {
    const series = hourlySeries(group.map(({ hour, carbonIntensity }) => ({ datetime: hour, carbonIntensity })));
    if (series !== undefined) histories.set(of, series);
  }
  return forecast({ zone, now, histories });
}
