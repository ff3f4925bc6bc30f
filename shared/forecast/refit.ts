import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import { adaptedShares, type BandHits, bandGroup, noHits } from './band.ts';
import { type ForecastModel, type ForecastRequest, fitForecast, forecastWith } from './forecast.ts';
import { cut, type HourlySeries, lastKnownHour } from './series.ts';

const DAY_MS = 24 * HOUR_MS;
/** Values of more days than this before the fit are not compared: after a long break they say nothing of the band of today. */
const COMPARED_MS = 7 * DAY_MS;
/** Of the forecasts made before the former fit every fifth is compared: over days that meets all times of day. */
const EARLIER_STEP = 5;

/**
 * Fits a zone anew. The band of the `former` model is compared with the values that came since, and its shares go on from
 * there, so that the band holds 80 % in the long run. Undefined as with {@link fitForecast}. Costs about ten
 * milliseconds more for each day since the former fit.
 */
export function refitForecast(former: ForecastModel | undefined, request: ForecastRequest): ForecastModel | undefined {
  const shares = former?.band?.shares;
  if (!former || !shares || former.zone !== request.zone || former.fittedAt >= request.now) return fitForecast(request);
  const hits = hitsSince(former, request);
  const days = (request.now - former.fittedAt) / DAY_MS;
  return fitForecast({ ...request, bandShares: adaptedShares(shares, hits, days) });
}

/** How the band would have held the values that the former model had not seen, with forecasts made hour by hour. */
function hitsSince(former: ForecastModel, { zone, histories, now, weather }: ForecastRequest): readonly BandHits[] {
  const hits = noHits();
  const series = histories.get(zone);
  if (!series) return hits;
  const unseen = Math.max(hourOf(former.fittedAt) + HOUR_MS, hourOf(now) - COMPARED_MS);
  const came = { start: unseen, values: cut(series, unseen, (hourOf(now) - unseen) / HOUR_MS + 1) };
  const first = unseen - former.horizonHours * HOUR_MS;
  for (let origin = first; origin < now; origin += HOUR_MS) {
    if (origin < unseen - HOUR_MS && (origin / HOUR_MS) % EARLIER_STEP !== 0) continue;
    const last = lastKnownHour(series, origin);
    const points = forecastWith(former, { now: origin, histories, weather, isHindsight: true });
    if (last !== undefined && points) compare(hits, last, points, came);
  }
  return hits;
}

/** Counts the points after the last known hour by how far behind it they are, as their band has it. */
function compare(hits: readonly BandHits[], last: EpochMs, points: readonly ForecastPoint[], came: HourlySeries): void {
  for (const { datetime, low = Number.NaN, high = Number.NaN } of points) {
    const actual = came.values[(datetime - came.start) / HOUR_MS];
    const group = hits[bandGroup((datetime - last) / HOUR_MS - 1)];
    if (datetime <= last || actual === undefined || Number.isNaN(actual) || !group) continue;
    group.compared += 1;
    if (actual >= low && actual <= high) group.held += 1;
  }
}
