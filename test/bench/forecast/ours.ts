import { MIN_SAVING_PERCENT, type PlanRequest, plan } from '../../../shared/deferral/plan.ts';
import { revise } from '../../../shared/deferral/replan.ts';
import type { MadeForecast } from '../../../shared/forecast/accuracy.ts';
import { type ForecastModel, fitForecast, forecastWith } from '../../../shared/forecast/forecast.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import type { Trace } from '../../../shared/grid/trace.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { FIRST_START, type Policy, SLACK } from './shares.ts';

const REFIT_HOURS = 14 * 24;
/** The hours that a job of 8 h with 24 h slack can touch. */
const PLANNED_HOURS = SLACK + 8;
/** The accuracy is judged by every fifth forecast: all times of day, a fifth of the memory. */
const JUDGED_EVERY = 5;

/** All forecasts of a zone over a trace, one for each hour from day 60 on, and what they cost. */
export interface Forecasts {
  /** By hour: from data strictly before it. */
  readonly strict: readonly (readonly ForecastPoint[])[];
  /** By hour: with the value of that hour known too. */
  readonly presentKnown: readonly (readonly ForecastPoint[])[];
  readonly made: readonly MadeForecast[];
  readonly cost: Cost;
}

/** What the forecasts of one zone took. */
export interface Cost {
  fits: number;
  fitMs: number;
  longestFitMs: number;
  forecasts: number;
  forecastMs: number;
}

/** Forecasts a zone at every hour with models fitted once in two weeks, seeing nothing of the future. */
export function forecastsOf(trace: Trace, zone: Zone): Forecasts {
  const strict: (readonly ForecastPoint[])[] = [];
  const presentKnown: (readonly ForecastPoint[])[] = [];
  const made: MadeForecast[] = [];
  const cost: Cost = { fits: 0, fitMs: 0, longestFitMs: 0, forecasts: 0, forecastMs: 0 };
  let model: ForecastModel | undefined;
  for (let hour = FIRST_START; hour < trace.hours; hour++) {
    const now = trace.start + hour * HOUR_MS;
    const histories = before(trace, hour);
    if ((hour - FIRST_START) % REFIT_HOURS === 0) {
      const began = performance.now();
      model = fitForecast({ zone, now, histories });
      const took = performance.now() - began;
      cost.fits += 1;
      cost.fitMs += took;
      cost.longestFitMs = Math.max(cost.longestFitMs, took);
    }
    const began = performance.now();
    const points = model && forecastWith(model, { now, histories });
    cost.forecastMs += performance.now() - began;
    const known =
      model && forecastWith(model, { now, histories: before(trace, hour + 1), horizonHours: PLANNED_HOURS });
    if (!points || !known) throw new Error(`no forecast for ${zone} at hour ${hour}`);
    strict[hour] = points.slice(0, PLANNED_HOURS);
    presentKnown[hour] = known;
    if (hour % JUDGED_EVERY === 0) made.push({ madeAt: now, points });
    cost.forecasts += 1;
  }
  return { strict, presentKnown, made, cost };
}

function before(trace: Trace, hour: number): ReadonlyMap<Zone, HourlySeries> {
  const cut = [...trace.zones].map(
    ([zone, values]) => [zone, { start: trace.start, values: values.subarray(0, hour) }] as const,
  );
  return new Map(cut);
}

/** The product's plan, made once at arrival; `minSavingPercent` 0 shows what the forecast can do. */
export function planOnce(
  forecasts: readonly (readonly ForecastPoint[])[],
  minSavingPercent: number = MIN_SAVING_PERCENT,
): Policy {
  return (arrival, duration) => {
    const decided = plan({ ...request(forecasts, arrival, arrival, duration), minSavingPercent });
    return decided.kind === 'wait' ? (decided.slot.start - hourAt(forecasts, arrival)) / HOUR_MS : 0;
  };
}

/** The product's plan, looked at again every hour, and once more when it is due; `margin` 0 is naive replanning. */
export function planAndRevise(forecasts: readonly (readonly ForecastPoint[])[], margin?: number): Policy {
  return (arrival, duration) => {
    const decided = plan({ ...request(forecasts, arrival, arrival, duration), minSavingPercent: 0 });
    if (decided.kind !== 'wait') return 0;
    let { slot } = decided;
    for (let hour = arrival + 1; slot.start >= hourAt(forecasts, hour); hour++) {
      const revision = revise(slot, request(forecasts, hour, arrival, duration), margin);
      if (revision.kind === 'change') slot = revision.slot;
    }
    return (slot.start - hourAt(forecasts, arrival)) / HOUR_MS;
  };
}

function request(
  forecasts: readonly (readonly ForecastPoint[])[],
  hour: number,
  arrival: number,
  durationHours: number,
): PlanRequest {
  const now = hourAt(forecasts, hour);
  const candidates = [{ zone: 'DE' as Zone, forecast: forecasts[hour] ?? [] }];
  return { now, durationHours, latestStart: now + (arrival + SLACK - hour) * HOUR_MS, candidates };
}

function hourAt(forecasts: readonly (readonly ForecastPoint[])[], hour: number): number {
  return forecasts[hour]?.[0]?.datetime as number;
}
