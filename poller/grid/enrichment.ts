import type { CachedRegion } from '../../shared/grid/carbon-cache.ts';
import type { ForecastPoint, HourlyIntensity, IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { AccuracyTracker } from './accuracy.ts';
import type { GridMetrics } from './grid-metrics.ts';
import type { History } from './history.ts';
import { failureOf, type GridProvider } from './provider.ts';

/** Makes a forecast from a zone's own past; undefined where the past says too little. */
export type Forecaster = (
  zone: Zone,
  now: EpochMs,
  history: readonly HourlyIntensity[],
) => readonly ForecastPoint[] | undefined | Promise<readonly ForecastPoint[] | undefined>;

/** What is good to have beside the newest value: forecast, energy mix, and the hours that we missed. */
export interface Enrichment {
  /** A reading with the forecast that is known for it. */
  withForecast(reading: IntensitySample): CachedRegion;
  /** Asks for what is due, a few zones at a time; true when a forecast is newer than before. */
  follow(readings: readonly IntensitySample[], signal: AbortSignal): Promise<boolean>;
}

/** What extras are made of. */
export interface EnrichmentOptions {
  readonly providers: readonly GridProvider[];
  readonly history: History;
  readonly store: Partial<Pick<IntensityReader, 'intensities'>>;
  readonly forecaster?: Forecaster | undefined;
  /** Judges what was forecast by what came; without it nothing is judged. */
  readonly accuracy?: AccuracyTracker | undefined;
  readonly wanted: { readonly forecast: boolean; readonly backfill: boolean };
  readonly clock: Clock;
  readonly metrics: GridMetrics;
  readonly logger: Logger;
}

/** Zones that are looked after in one round, so that extras never keep the next round waiting. */
const ZONES_A_ROUND = 24;
/** Forecasts and mixes are made anew each hour; past values are revised for about a day. */
const EVERY_MS = { forecast: HOUR_MS, mix: HOUR_MS, backfill: 6 * HOUR_MS };
/** After a failure, and where the provider has no such thing for the zone. */
const AGAIN_MS = HOUR_MS / 4;
const NOT_COVERED_MS = 24 * HOUR_MS;
/** The past that a forecaster is shown. */
const PAST_MS = 28 * 24 * HOUR_MS;

type Kind = keyof typeof EVERY_MS;

interface ZoneState {
  readonly provider: string;
  readonly dueAt: Record<Kind, EpochMs>;
  /** Until when the provider is known not to have such a thing for the zone. */
  readonly notCoveredUntil: Record<Kind, EpochMs>;
  forecast: { readonly points: readonly ForecastPoint[]; readonly source: string } | undefined;
}

/** Extras of all zones; each zone starts anew when another provider takes it over, because methods differ. */
export function createEnrichment(options: EnrichmentOptions): Enrichment {
  const { clock, providers, wanted } = options;
  const zones = new Map<Zone, ZoneState>();
  const stateOf = ({ zone, provider }: IntensitySample): ZoneState => {
    const known = zones.get(zone);
    if (known?.provider === provider) return known;
    const at = (wanted: boolean) => (wanted ? 0 : Number.POSITIVE_INFINITY);
    const fresh: ZoneState = {
      provider,
      dueAt: { forecast: at(wanted.forecast), mix: 0, backfill: at(wanted.backfill) },
      notCoveredUntil: { forecast: 0, mix: 0, backfill: 0 },
      forecast: undefined,
    };
    zones.set(zone, fresh);
    return fresh;
  };
  const ahead = (points: readonly ForecastPoint[]) => points.filter(({ datetime }) => datetime + HOUR_MS > clock.now());
  return {
    withForecast(reading) {
      const { forecast } = stateOf(reading);
      const points = forecast ? ahead(forecast.points) : [];
      if (!forecast || points.length === 0) return reading;
      return { ...reading, forecast: points, forecastSource: forecast.source };
    },
    async follow(readings, signal) {
      const due = readings
        .filter((reading) => reading.quality !== 'yearly-average' && isDue(stateOf(reading), clock.now()))
        .slice(0, ZONES_A_ROUND);
      const turns = due.flatMap((reading) => {
        const provider = providers.find(({ name }) => name === reading.provider);
        return provider ? [{ options, provider, reading, state: stateOf(reading), signal }] : [];
      });
      await Promise.all(
        turns.map(async (turn) => {
          await followMix(turn);
          await followPast(turn);
        }),
      );
      // A forecast is made of what is stored: it need not wait an hour for the past that was just told.
      await options.history.flush();
      const changed = await Promise.all(turns.map((turn) => followForecast(turn, ahead)));
      return changed.includes(true);
    },
  };
}

function isDue(state: ZoneState, now: EpochMs): boolean {
  return Object.values(state.dueAt).some((at) => at <= now);
}

/** Asks for one thing when it is due, and decides when it is due again; undefined when there is nothing new. */
async function when<Value>(
  options: EnrichmentOptions,
  state: ZoneState,
  kind: Kind,
  ask: (() => Promise<Value>) | undefined,
): Promise<Value | undefined> {
  const { clock, logger } = options;
  const now = clock.now();
  if (state.dueAt[kind] > now) return undefined;
  if (ask === undefined || state.notCoveredUntil[kind] > now) {
    state.dueAt[kind] = now + EVERY_MS[kind];
    return undefined;
  }
  try {
    const value = await ask();
    // On the hour, not an hour later: a forecast that starts with the last hour has one point less for most of the next.
    state.dueAt[kind] = kind === 'backfill' ? now + EVERY_MS[kind] : hourOf(now) + EVERY_MS[kind];
    return value;
  } catch (error) {
    const { cause, ...facts } = failureOf(error);
    if (facts.fault === 'not-covered') state.notCoveredUntil[kind] = now + NOT_COVERED_MS;
    state.dueAt[kind] = now + (facts.fault === 'not-covered' ? EVERY_MS[kind] : AGAIN_MS);
    logger.debug({ ...facts, wanted: kind }, 'a grid provider gave no extra');
    return undefined;
  }
}

/** One zone's turn in a round of extras. */
interface Turn {
  readonly options: EnrichmentOptions;
  readonly provider: GridProvider;
  readonly reading: IntensitySample;
  readonly state: ZoneState;
  readonly signal: AbortSignal;
}

async function followMix({ options, provider, reading, state, signal }: Turn): Promise<void> {
  const { energyMix } = provider;
  const ask = energyMix && (() => energyMix(reading.zone, signal));
  const known = await when(options, state, 'mix', ask);
  if (known && hourOf(known.datetime) === hourOf(reading.datetime)) options.history.mix(reading, known.mix);
}

async function followPast({ options, provider, reading, state, signal }: Turn): Promise<void> {
  const { history } = provider;
  const ask = history && (() => history(reading.zone, signal));
  const past = await when(options, state, 'backfill', ask);
  // The present hour belongs to those who measure it now.
  if (past) options.history.backfill(past.filter(({ datetime }) => hourOf(datetime) < hourOf(options.clock.now())));
}

async function followForecast(
  { options, provider, reading, state, signal }: Turn,
  ahead: (points: readonly ForecastPoint[]) => ForecastPoint[],
): Promise<boolean> {
  const { zone } = reading;
  const { clock, metrics } = options;
  if (state.dueAt.forecast > clock.now()) return false;
  const before = state.forecast;
  const { forecast } = provider;
  const told = ahead((await when(options, state, 'forecast', forecast && (() => forecast(zone, signal)))) ?? []);
  const past = await pastOf(options, reading);
  const own = ahead((await fromHistory(options, reading, past)) ?? []);
  if (told.length > 0) state.forecast = { points: told, source: provider.name };
  else if (before?.source !== provider.name || ahead(before.points).length === 0)
    state.forecast = own.length > 0 ? { points: own, source: 'history' } : undefined;
  const made = [[provider.name, told] as const, ['history', own] as const];
  options.accuracy?.observe(zone, clock.now(), past, made);
  if (before?.source !== state.forecast?.source && before)
    metrics.forecastPoints.remove({ zone, source: before.source });
  if (state.forecast) metrics.forecastPoints.set({ zone, source: state.forecast.source }, state.forecast.points.length);
  return state.forecast !== before;
}

/** The zone's own past of the same signal; empty where there is no store to ask. */
async function pastOf(
  { store, clock, logger }: EnrichmentOptions,
  reading: IntensitySample,
): Promise<readonly HourlyIntensity[]> {
  const now = clock.now();
  try {
    const past = (await store.intensities?.([reading.zone], { from: now - PAST_MS, to: now })) ?? [];
    // Methods differ by provider as much as signals do: a series never mixes them.
    return past.filter(({ signal, provider }) => signal === reading.signal && provider === reading.provider);
  } catch (err) {
    logger.warn({ err, zone: reading.zone }, 'the history of a zone cannot be read');
    return [];
  }
}

/** A forecast made from the zone's own past. */
async function fromHistory(
  { forecaster, store, clock, logger }: EnrichmentOptions,
  { zone }: IntensitySample,
  past: readonly HourlyIntensity[],
): Promise<readonly ForecastPoint[] | undefined> {
  if (!forecaster || !store.intensities) return undefined;
  try {
    return await forecaster(zone, clock.now(), past);
  } catch (err) {
    logger.warn({ err, zone }, 'no forecast could be made from the history');
    return undefined;
  }
}
