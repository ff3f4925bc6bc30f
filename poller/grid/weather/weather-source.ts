import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { cut } from '../../../shared/forecast/series.ts';
import type { Weather, ZoneWeather } from '../../../shared/forecast/weather.ts';
import { type EpochMs, HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { failureOf } from '../provider.ts';
import type { WeatherPoint } from './weather-points.ts';

/** The weather of zones, renewed when it is due. */
export interface WeatherSource {
  /** The newest weather that could be had; undefined for a zone without points, or before the first success. Never throws. */
  weatherOf(zone: Zone, signal: AbortSignal): Promise<ZoneWeather | undefined>;
}

/** What a weather source needs. */
export interface WeatherSourceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pointsOf: (zone: Zone) => readonly WeatherPoint[];
  /** Fetches so many past days and the days ahead; rejects with a ProviderError. */
  readonly fetch: (request: {
    readonly zone: Zone;
    readonly points: readonly WeatherPoint[];
    readonly pastDays: number;
    readonly signal: AbortSignal;
  }) => Promise<ZoneWeather>;
}

/** Weather models run every six hours. */
const EVERY_MS = 6 * HOUR_MS;
const RETRY_MS = HOUR_MS / 4;
/** What is learnt from at the start: the most that the service gives in one request. */
const ARCHIVE_DAYS = 92;
/** After that: the days whose forecasts are renewed, those of a weekend without the service included. */
const RENEWED_DAYS = 5;
/** The weather that is kept: a year of training and the four weeks before it. */
const KEPT_HOURS = (365 + 28) * 24;
/** A newest forecast older than this is not used for the hours ahead. */
const OLDEST_MS = 24 * HOUR_MS;

interface Known {
  weather: ZoneWeather | undefined;
  fetchedAt: EpochMs;
  dueAt: EpochMs;
}

/** Makes a source that reads each zone's archive once, and then renews it every six hours. */
export function createWeatherSource({ clock, logger, pointsOf, fetch }: WeatherSourceOptions): WeatherSource {
  const zones = new Map<Zone, Known>();
  return {
    async weatherOf(zone, signal) {
      const points = pointsOf(zone);
      if (points.length === 0) return undefined;
      const known = zones.get(zone) ?? { weather: undefined, fetchedAt: Number.NEGATIVE_INFINITY, dueAt: 0 };
      zones.set(zone, known);
      const now = clock.now();
      if (now >= known.dueAt) {
        known.dueAt = now + RETRY_MS;
        const isLapsed = now - known.fetchedAt > RENEWED_DAYS * 24 * HOUR_MS;
        const pastDays = known.weather && !isLapsed ? RENEWED_DAYS : ARCHIVE_DAYS;
        try {
          const fetched = await fetch({ zone, points, pastDays, signal });
          known.weather = known.weather ? renewed(known.weather, fetched) : fetched;
          known.fetchedAt = now;
          known.dueAt = now + EVERY_MS;
        } catch (error) {
          const { cause, ...facts } = failureOf(error);
          logger.debug(facts, 'could not refresh the weather forecast of a zone; keeping the last one');
        }
      }
      return now - known.fetchedAt > OLDEST_MS ? undefined : known.weather;
    },
  };
}

/** The newer weather where it is known, the older before it. */
function renewed(older: ZoneWeather, newer: ZoneWeather): ZoneWeather {
  const byLead = newer.byLead.map((of, lead): Weather => {
    const before = older.byLead[lead];
    if (!before) return of;
    return {
      wind: laidOver(before.wind, of.wind),
      temperature: laidOver(before.temperature, of.temperature),
      radiation: laidOver(before.radiation, of.radiation),
    };
  });
  return { byLead: byLead as [Weather, ...Weather[]] };
}

function laidOver(older: HourlySeries, newer: HourlySeries): HourlySeries {
  const end = newer.start + newer.values.length * HOUR_MS;
  const start = Math.max(Math.min(older.start, newer.start), end - KEPT_HOURS * HOUR_MS);
  const hours = (end - start) / HOUR_MS;
  const values = cut(newer, start, hours);
  for (const [hour, value] of cut(older, start, hours).entries()) if (Number.isNaN(values[hour])) values[hour] = value;
  return { start, values };
}
