import { type HourlySeries, hourlySeries } from '../../shared/forecast/series.ts';
import { type ForecastModel, fitForecast, forecastWith } from '../../shared/forecast.ts';
import type { Signal } from '../../shared/intensity.ts';
import { type EpochMs, HOUR_MS } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import type { Forecaster } from './extras.ts';

/** A model serves for a day; learning anew takes about a tenth of a second. */
const LEARN_EVERY_MS = 24 * HOUR_MS;

/** Forecasts from the zone's own history and those of the zones seen before it; learns once a day per zone. */
export function historyForecaster(): Forecaster {
  const bySignal = new Map<Signal, Map<Zone, HourlySeries>>();
  const models = new Map<Zone, { readonly model: ForecastModel | undefined; readonly at: EpochMs }>();
  return (zone, now, history) => {
    const series = hourlySeries(history.map((row) => ({ datetime: row.hour, carbonIntensity: row.carbonIntensity })));
    const signal = history[0]?.signal;
    if (!series || !signal) return undefined;
    const histories = bySignal.get(signal) ?? new Map<Zone, HourlySeries>();
    bySignal.set(signal, histories.set(zone, series));
    let learnt = models.get(zone);
    if (!learnt?.model || now - learnt.at >= LEARN_EVERY_MS) {
      learnt = { model: fitForecast({ zone, now, histories }), at: now };
      models.set(zone, learnt);
    }
    return learnt.model && forecastWith(learnt.model, { now, histories });
  };
}
