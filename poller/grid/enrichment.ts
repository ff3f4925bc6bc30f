import { joinForecasts } from '../../shared/forecast/join.ts';
import type { CachedRegion } from '../../shared/grid/carbon-cache.ts';
import type { ForecastPoint, HourlyIntensity, IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AccuracyTracker } from './accuracy.ts';
import { isDue, whenDue, type ZoneState } from './due-data.ts';
import type { GridMetrics } from './grid-metrics.ts';
import type { History } from './history.ts';
import { failureOf, type GridProvider } from './provider.ts';

/** Makes a forecast from a zone's own past; undefined where the past is too short. */
export type Forecaster = (
  zone: Zone,
  now: EpochMs,
  history: readonly HourlyIntensity[],
  signal: AbortSignal,
) => readonly ForecastPoint[] | undefined | Promise<readonly ForecastPoint[] | undefined>;

/** Data beside the newest value: forecast, energy mix, and the hours that were missed. */
export interface Enrichment {
  /** A sample with the forecast that is known for it. */
  withForecast(sample: IntensitySample): CachedRegion;
  /** Fetches what is due, a few zones at a time; true when a forecast changed. */
  refresh(samples: readonly IntensitySample[], signal: AbortSignal): Promise<boolean>;
}

/** What the enrichment needs. */
export interface EnrichmentOptions {
  readonly providers: readonly GridProvider[];
  readonly history: History;
  /** Regions of an earlier poller, whose forecasts serve until there are newer ones. */
  readonly inherited?: ReadonlyMap<Zone, CachedRegion>;
  readonly store: Partial<Pick<IntensityReader, 'intensities'>>;
  readonly forecaster?: Forecaster | undefined;
  /** Measures forecasts against the values that followed; absent: not measured. */
  readonly accuracy?: AccuracyTracker | undefined;
  readonly enabled: { readonly forecast: boolean; readonly backfill: boolean };
  readonly clock: Clock;
  readonly metrics: GridMetrics;
  readonly logger: Logger;
}

/** Zones refreshed in one poll cycle, so that the next cycle does not wait for it. */
const ZONES_PER_CYCLE = 24;
/** The past that a forecaster gets, and that is read from a provider's archive once. */
const PAST_MS = 28 * 24 * HOUR_MS;
/** A store that has this share of the hours needs no archive. */
const STORED_SHARE = 0.9;

/** Makes the enrichment of all zones; a zone starts anew when another provider takes over, because methods differ. */
export function createEnrichment(options: EnrichmentOptions): Enrichment {
  const { clock, providers, enabled } = options;
  const zones = new Map<Zone, ZoneState>();
  const stateOf = ({ zone, provider }: IntensitySample): ZoneState => {
    const known = zones.get(zone);
    if (known?.provider === provider) return known;
    const from = (isEnabled: boolean) => (isEnabled ? 0 : Number.POSITIVE_INFINITY);
    const fresh: ZoneState = {
      provider,
      dueAt: {
        forecast: from(enabled.forecast),
        mix: 0,
        marginal: from(enabled.backfill),
        backfill: from(enabled.backfill),
      },
      notCoveredUntil: { forecast: 0, mix: 0, marginal: 0, backfill: 0 },
      fetched: inheritedPoints(options.inherited?.get(zone), provider),
      forecast: undefined,
      archive: 'pending',
    };
    zones.set(zone, fresh);
    return fresh;
  };
  const ahead = (points: readonly ForecastPoint[]) => points.filter(({ datetime }) => datetime + HOUR_MS > clock.now());
  return {
    withForecast(sample) {
      const { forecast } = stateOf(sample);
      const points = forecast ? ahead(forecast.points) : [];
      if (!forecast || points.length === 0) return sample;
      return { ...sample, forecast: points, forecastSource: forecast.source };
    },
    async refresh(samples, signal) {
      const due = samples
        .filter((sample) => sample.quality !== 'yearly-average' && isDue(stateOf(sample), clock.now()))
        .slice(0, ZONES_PER_CYCLE);
      const refreshes = due.flatMap((sample) => {
        const provider = providers.find(({ name }) => name === sample.provider);
        return provider ? [{ options, provider, sample, state: stateOf(sample), signal }] : [];
      });
      await Promise.all(
        refreshes.map(async (refresh) => {
          await refreshMix(refresh);
          await refreshMarginal(refresh);
          await refreshPast(refresh);
        }),
      );
      // A forecast is made from what is stored: the hours that were just fetched must be there.
      await options.history.flush();
      const changed = await Promise.all(refreshes.map((refresh) => refreshForecast(refresh, ahead)));
      return changed.includes(true);
    },
  };
}

/** The provider's own points of a forecast that an earlier poller wrote. */
function inheritedPoints(region: CachedRegion | undefined, provider: string): readonly ForecastPoint[] {
  if (region?.provider !== provider || region.forecastSource !== provider) return [];
  return (region.forecast ?? []).filter(({ source = provider }) => source === provider);
}

/** The refresh of one zone in one poll cycle. */
interface Refresh {
  readonly options: EnrichmentOptions;
  readonly provider: GridProvider;
  readonly sample: IntensitySample;
  readonly state: ZoneState;
  readonly signal: AbortSignal;
}

async function refreshMix({ options, provider, sample, state, signal }: Refresh): Promise<void> {
  const { energyMix } = provider;
  const fetch = energyMix && (() => energyMix(sample.zone, signal));
  const known = await whenDue(options, state, 'mix', fetch);
  if (known && hourOf(known.datetime) === hourOf(sample.datetime)) options.history.mix(sample, known.mix);
}

/** Records the marginal intensity of the last day beside the average one, where another provider has it: savings show both. */
async function refreshMarginal({ options, sample, state, signal }: Refresh): Promise<void> {
  const { zone, provider } = sample;
  const beside =
    sample.signal === 'average'
      ? options.providers.find((one) => one.signal === 'marginal' && one.name !== provider && one.covers(zone))
      : undefined;
  const { history } = beside ?? {};
  const past = await whenDue(options, state, 'marginal', history && (() => history(zone, signal)));
  options.history.backfill(
    (past ?? []).filter((row) => row.signal === 'marginal' && hourOf(row.datetime) < hourOf(options.clock.now())),
  );
}

async function refreshPast(refresh: Refresh): Promise<void> {
  const { options, provider, sample, state, signal } = refresh;
  const { history } = provider;
  const { zone } = sample;
  const from = history && state.dueAt.backfill <= options.clock.now() ? await archiveStart(refresh) : undefined;
  const fetch = history && (() => history(zone, signal, from).catch((error) => withoutArchive(refresh, from, error)));
  const past = await whenDue(options, state, 'backfill', fetch);
  if (past === undefined) return;
  if (from !== undefined) state.archive = 'done';
  // The present hour is not over: its mean comes from the poll cycles.
  options.history.backfill(past.filter(({ datetime }) => hourOf(datetime) < hourOf(options.clock.now())));
}

/** From when on a zone's archive is read: once, where the store lacks much of it; undefined: the last day is enough. */
async function archiveStart({ options, provider, sample, state }: Refresh): Promise<EpochMs | undefined> {
  const { archiveMs } = provider;
  if (archiveMs === undefined || state.archive === 'done') return undefined;
  const spanMs = Math.min(archiveMs, PAST_MS);
  const stored = (await pastOf(options, sample)).length;
  if (stored >= (spanMs / HOUR_MS) * STORED_SHARE) {
    state.archive = 'done';
    return undefined;
  }
  return hourOf(options.clock.now()) - spanMs;
}

/** The last day instead, where the plan has no archive. */
function withoutArchive(
  { provider, sample, state, signal }: Refresh,
  from: EpochMs | undefined,
  error: unknown,
): Promise<IntensitySample[]> {
  if (from === undefined || failureOf(error).reason !== 'not-covered' || !provider.history) throw error;
  state.archive = 'done';
  return provider.history(sample.zone, signal);
}

async function refreshForecast(
  { options, provider, sample, state, signal }: Refresh,
  ahead: (points: readonly ForecastPoint[]) => ForecastPoint[],
): Promise<boolean> {
  const { zone } = sample;
  const { clock, metrics } = options;
  if (state.dueAt.forecast > clock.now()) return false;
  const before = state.forecast;
  const { forecast } = provider;
  const fetch = forecast && (() => forecast(zone, signal));
  const fetched = ahead((await whenDue(options, state, 'forecast', fetch)) ?? []);
  // The hours that are left of the last one serve while there is no newer one.
  if (fetched.length > 0) state.fetched = fetched;
  const past = await pastOf(options, sample);
  const own = (await fromHistory(options, sample, past, signal)) ?? [];
  const made = [[provider.name, fetched] as const, ['history', ahead(own)] as const];
  const accuracies = options.accuracy?.observe(zone, clock.now(), past, made);
  const sourced = (source: string, points: readonly ForecastPoint[]) => {
    const accuracy = accuracies?.get(source);
    return { source, points, ...(accuracy && { accuracy }) };
  };
  const provided = ahead(state.fetched);
  const points = joinForecasts(clock.now(), sourced(provider.name, provided), sourced('history', own));
  const source = provided.length > 0 ? provider.name : 'history';
  if (points.length > 0) state.forecast = { points, source };
  else if (before && ahead(before.points).length === 0) state.forecast = undefined;
  if (before?.source !== state.forecast?.source && before)
    metrics.forecastPoints.remove({ zone, source: before.source });
  if (state.forecast) metrics.forecastPoints.set({ zone, source: state.forecast.source }, state.forecast.points.length);
  return state.forecast !== before;
}

/** The zone's own past of the same signal; empty without a store. */
async function pastOf(
  { store, clock, logger }: EnrichmentOptions,
  { zone, signal, provider }: IntensitySample,
): Promise<readonly HourlyIntensity[]> {
  const now = clock.now();
  try {
    const past = (await store.intensities?.([zone], { from: now - PAST_MS, to: now })) ?? [];
    // Methods differ by provider as much as signals do: a series never mixes them.
    return past.filter((row) => row.signal === signal && row.provider === provider);
  } catch (err) {
    logger.warn(
      { code: 'GRID_HISTORY_UNREADABLE', err, zone },
      'could not read the history of a zone; check the store',
    );
    return [];
  }
}

/** A forecast made from the zone's own past. */
async function fromHistory(
  { forecaster, store, clock, logger }: EnrichmentOptions,
  { zone }: IntensitySample,
  past: readonly HourlyIntensity[],
  signal: AbortSignal,
): Promise<readonly ForecastPoint[] | undefined> {
  if (!forecaster || !store.intensities) return undefined;
  try {
    return await forecaster(zone, clock.now(), past, signal);
  } catch (err) {
    const text = 'could not make a forecast from the history of a zone; the next poll cycle tries again';
    logger.warn({ code: 'GRID_FORECAST_FAILED', err, zone }, text);
    return undefined;
  }
}
