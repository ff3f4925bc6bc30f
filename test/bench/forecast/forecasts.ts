import type { MadeForecast } from '../../../shared/forecast/accuracy.ts';
import type { Shape } from '../../../shared/forecast/climatology.ts';
import { type ForecastModel, forecastWith } from '../../../shared/forecast/forecast.ts';
import { refitForecast } from '../../../shared/forecast/refit.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import type { ZoneWeather } from '../../../shared/forecast/weather.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import type { Trace } from '../../../shared/grid/trace.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { HourlyForecasts } from './policies.ts';
import { FIRST_START, SLACK } from './shares.ts';

/** The hours that a job of 8 h with 24 h slack can touch. */
const PLANNED_HOURS = SLACK + 8 + 1;

/** What may be known when a forecast is made. */
export interface Knowledge {
  /** Histories that are known at an hour of the trace: by default those of the zones up to and with the present hour. */
  readonly historiesAt?: (hour: number) => ReadonlyMap<Zone, HourlySeries>;
  /** Zones whose history is used beside the zone's own; default none. */
  readonly neighbours?: readonly Zone[];
  /** Longer series of some zones, whose earlier years are known from the start; default none. */
  readonly longer?: ReadonlyMap<Zone, HourlySeries>;
  /** Whether the value of the present hour is known; default true, as in the product. */
  readonly isPresentKnown?: boolean;
  readonly refitHours?: number;
  /** Hours at which a forecast is made; default all from day 60 on. */
  readonly isWanted?: (hour: number) => boolean;
  readonly shape?: Shape;
  /** Forecast weather of the zone over the whole trace; a forecast reads no further than it reaches itself. */
  readonly weather?: ZoneWeather | undefined;
}

/** All forecasts of a zone, one for each hour from day 60 on, and what they cost in milliseconds. */
export interface Forecasts extends HourlyForecasts {
  readonly made: readonly MadeForecast[];
  readonly fitMs: number;
  readonly forecastMs: number;
}

/** Forecasts a zone at every hour, seeing nothing of the future. */
export function forecastsOf(trace: Trace, zone: Zone, knowledge: Knowledge = {}): Forecasts {
  const { refitHours = 7 * 24, isPresentKnown = true, isWanted = () => true, shape, weather } = knowledge;
  const historiesAt =
    knowledge.historiesAt ?? before(trace, [zone, ...(knowledge.neighbours ?? [])], isPresentKnown, knowledge.longer);
  const at: (readonly ForecastPoint[])[] = [];
  const made: MadeForecast[] = [];
  const cost = { fits: 0, fitMs: 0, forecasts: 0, forecastMs: 0 };
  let model: ForecastModel | undefined;
  let fittedAt = Number.NEGATIVE_INFINITY;
  for (let hour = FIRST_START; hour < trace.hours; hour++) {
    const now = trace.start + hour * HOUR_MS;
    const histories = historiesAt(hour);
    if (model === undefined || hour - fittedAt >= refitHours) {
      fittedAt = hour;
      const began = performance.now();
      model = refitForecast(model, { zone, now, histories, weather, ...(shape && { shape }) });
      cost.fitMs += performance.now() - began;
      cost.fits += 1;
    }
    if (!isWanted(hour)) continue;
    const began = performance.now();
    const points = (model && forecastWith(model, { now, histories, weather })) ?? [];
    cost.forecastMs += performance.now() - began;
    cost.forecasts += 1;
    at[hour] = points.slice(0, PLANNED_HOURS);
    made.push({ madeAt: now, points });
  }
  return {
    ...{ start: trace.start, at, made },
    fitMs: cost.fitMs / Math.max(1, cost.fits),
    forecastMs: cost.forecastMs / cost.forecasts,
  };
}

function before(
  trace: Trace,
  zones: readonly Zone[],
  isPresentKnown: boolean,
  longer?: ReadonlyMap<Zone, HourlySeries>,
) {
  return (hour: number): ReadonlyMap<Zone, HourlySeries> =>
    new Map(
      zones.map((zone) => {
        const { start, values } = longer?.get(zone) ?? {
          start: trace.start,
          values: trace.zones.get(zone) ?? new Float64Array(0),
        };
        const hours = (trace.start - start) / HOUR_MS + hour + (isPresentKnown ? 1 : 0);
        return [zone, { start, values: values.subarray(0, hours) }] as const;
      }),
    );
}
