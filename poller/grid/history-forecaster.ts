import pLimit from 'p-limit';
import { continueSeries } from '../../shared/forecast/continue.ts';
import { type ForecastModel, forecastWith } from '../../shared/forecast/forecast.ts';
import { refitForecast } from '../../shared/forecast/refit.ts';
import { type HourlySeries, hourlySeries } from '../../shared/forecast/series.ts';
import type { ZoneWeather } from '../../shared/forecast/weather.ts';
import type { HourlyIntensity } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader } from '../../shared/records/power.ts';
import type { Forecaster } from './enrichment.ts';
import type { WeatherSource } from './weather/weather-source.ts';

/** A model serves for about a week; refitting daily keeps it close to the season. */
const REFIT_MS = 24 * HOUR_MS;
/** A year of training data and the four weeks before it that its first usual day is made of. */
const TRAINING_MS = (365 + 28) * 24 * HOUR_MS;
/** Each hour the values of the last days are read again, because they may be revised; older ones are kept as read. */
const TAIL_MS = 3 * 24 * HOUR_MS;
const RELOAD_MS = 7 * 24 * HOUR_MS;

/** The past of one zone by one signal, each provider's hours apart: methods are never mixed, only scaled to one level. */
interface Past {
  /** The provider of the newest hour. */
  provider: string;
  readonly byProvider: Map<string, Map<EpochMs, number>>;
  /** The hours of all providers at the level of the newest, as of `freshAt`. */
  series: HourlySeries | undefined;
  readonly loadedAt: EpochMs;
  freshAt: EpochMs;
}

/**
 * Forecasts a zone from its own recorded past and that of its neighbours. Fits one model per zone and day, one at a
 * time with the event loop free in between, so that neither the cache file nor a scrape is delayed. With a source of weather
 * the zone's own is an input, too.
 */
export function historyForecaster(
  store: Pick<IntensityReader, 'intensities'>,
  zones: readonly Zone[],
  source?: WeatherSource,
): Forecaster {
  const models = new Map<string, { readonly model: ForecastModel | undefined; readonly fittedAt: EpochMs }>();
  const oneAtATime = pLimit(1);
  const pastOf = pastReader(store, (key) => models.delete(key));
  const forecastOne = async (
    zone: Zone,
    now: EpochMs,
    own: readonly HourlyIntensity[],
    weather: ZoneWeather | undefined,
  ) => {
    const like = own.at(-1);
    if (like === undefined) return undefined;
    const historiesOf = async (wanted: Iterable<Zone>): Promise<ReadonlyMap<Zone, HourlySeries>> => {
      const histories = new Map<Zone, HourlySeries>();
      for (const other of new Set(wanted)) {
        const series = (await pastOf(other, like, now))?.series;
        if (series) histories.set(other, series);
      }
      return histories;
    };
    const key = `${zone} ${like.signal}`;
    let fitted = models.get(key);
    if (!fitted || now - fitted.fittedAt >= (fitted.model ? REFIT_MS : HOUR_MS)) {
      const histories = await historiesOf([zone, ...zones]);
      await new Promise((resolve) => setImmediate(resolve));
      fitted = { model: refitForecast(fitted?.model, { zone, now, histories, weather }), fittedAt: now };
      models.set(key, fitted);
    }
    const { model } = fitted;
    if (!model) return undefined;
    const needed = await historiesOf([zone, ...model.neighbours.map((neighbour) => neighbour.zone)]);
    return forecastWith(model, { now, histories: needed, weather });
  };
  return async (zone, now, own, signal) => {
    // Before the queue: a slow weather service delays its own zone alone.
    const weather = await source?.weatherOf(zone, signal);
    return oneAtATime(() => forecastOne(zone, now, own, weather));
  };
}

/** Reads the pasts of zones, whole once a week and the last days every hour; `onOtherProvider` is called with the key of a zone whose newest hour is of another provider than before. */
function pastReader(store: Pick<IntensityReader, 'intensities'>, onOtherProvider: (key: string) => void) {
  const pasts = new Map<string, Past>();
  return async (zone: Zone, like: Pick<HourlyIntensity, 'signal'>, now: EpochMs): Promise<Past | undefined> => {
    const key = `${zone} ${like.signal}`;
    const known = pasts.get(key);
    if (known && now - known.freshAt < HOUR_MS / 2) return known;
    const from = now - (known && now - known.loadedAt < RELOAD_MS ? TAIL_MS : TRAINING_MS);
    const rows = (await store.intensities([zone], { from, to: now })).filter(
      ({ signal, quality }) => signal === like.signal && quality !== 'yearly-average' && quality !== 'forecast',
    );
    const provider = rows.at(-1)?.provider;
    if (provider === undefined) return known;
    // The level is another one: what was learnt at the former does not fit it.
    if (known && known.provider !== provider) onOtherProvider(key);
    const isWhole = known === undefined || from === now - TRAINING_MS;
    const past: Past = isWhole
      ? { provider, byProvider: new Map(), series: undefined, loadedAt: now, freshAt: now }
      : known;
    for (const row of rows) {
      const byHour = past.byProvider.get(row.provider) ?? new Map<EpochMs, number>();
      past.byProvider.set(row.provider, byHour.set(row.hour, row.carbonIntensity));
    }
    past.provider = provider;
    past.freshAt = now;
    past.series = seriesOf(past);
    pasts.set(key, past);
    return past;
  };
}

/** The pasts of all providers as one series: each older one keeps its shape at the level of the next. */
function seriesOf({ byProvider, provider }: Past): HourlySeries | undefined {
  const pasts = [...byProvider].map(([of, byHour]) => ({
    newest: of === provider ? Number.POSITIVE_INFINITY : Math.max(...byHour.keys()),
    series: hourlySeries([...byHour].map(([datetime, carbonIntensity]) => ({ datetime, carbonIntensity }))),
  }));
  pasts.sort((a, b) => a.newest - b.newest);
  let joined: HourlySeries | undefined;
  for (const { series } of pasts) joined = joined && series ? continueSeries(joined, series) : (series ?? joined);
  return joined;
}
