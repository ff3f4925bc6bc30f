import type { Candidate } from '../deferral/plan.ts';
import { type ForecastModel, fitForecast, forecastWith } from '../forecast/forecast.ts';
import type { HourlySeries } from '../forecast/series.ts';
import type { ForecastPoint } from '../grid/intensity.ts';
import type { Trace } from '../grid/trace.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { normalOf, randomOf } from './random.ts';

/** A model is learnt anew after so long: as good as daily, and a year of it takes a second. */
const REFIT_HOURS = 28 * 24;
/** Hours by which the sum of a start and a duration may miss the full hour that it means. */
const ROUNDING = 1e-9;

/** What came and what could be known before, over a trace. */
export interface World {
  readonly trace: Trace;
  readonly zones: readonly Zone[];
  /** Mean intensity of a window; undefined when a part of it is not known or lies outside the trace. */
  actualMean(zone: Zone, start: EpochMs, durationHours: number): number | undefined;
  /** The same of marginal intensities, which no policy sees. */
  marginalMean(zone: Zone, start: EpochMs, durationHours: number): number | undefined;
  /** The true future of the zones from the hour of a time on, distorted by a relative error (0: as it came). */
  truth(now: EpochMs, hours: number, error: number): readonly Candidate[];
  /** Our own forecast, made in that hour from what was known before it and the present hour's reading. */
  forecast(now: EpochMs): readonly Candidate[];
}

/** Makes a world of some zones of a trace; all zones of the trace teach the forecast. `marginal`: marginal intensities, where known. */
export function worldOf(trace: Trace, zones: readonly Zone[], seed: number, marginal?: Trace): World {
  const forecasts = new Map<number, readonly Candidate[]>();
  const models = new Map<string, ForecastModel | undefined>();
  const noise = noiseOf(trace.hours, seed);
  const hourOfTrace = (time: EpochMs) => Math.floor((time - trace.start) / HOUR_MS);
  const valueAt = (zone: Zone, hour: number) => trace.zones.get(zone)?.[hour] ?? Number.NaN;
  const forecastAt = (hour: number): readonly Candidate[] => {
    const now = trace.start + hour * HOUR_MS;
    const histories = new Map<Zone, HourlySeries>();
    for (const [zone, values] of trace.zones)
      histories.set(zone, { start: trace.start, values: values.subarray(0, hour + 1) });
    return zones.map((zone) => {
      const key = `${zone} ${Math.floor(hour / REFIT_HOURS)}`;
      if (!models.has(key)) models.set(key, fitForecast({ zone, now, histories }));
      const model = models.get(key);
      return { zone, forecast: (model && forecastWith(model, { now, histories })) ?? [] };
    });
  };
  return {
    trace,
    zones,
    actualMean: meansOf(trace, zones),
    marginalMean: marginal === undefined ? () => undefined : meansOf(marginal, zones),
    truth: (now, hours, error) =>
      zones.map((zone) => {
        const first = hourOfTrace(now);
        const forecast: ForecastPoint[] = [];
        for (let hour = first; hour < Math.min(trace.hours, first + hours); hour++) {
          const value = valueAt(zone, hour) * (hour === first ? 1 : Math.max(0, 1 + error * (noise[hour] as number)));
          if (!Number.isNaN(value))
            forecast.push({ datetime: trace.start + hour * HOUR_MS, carbonIntensity: gramsPerKwh(value) });
        }
        return { zone, forecast };
      }),
    forecast(now) {
      const hour = hourOfTrace(now);
      const known = forecasts.get(hour) ?? forecastAt(hour);
      forecasts.set(hour, known);
      return known;
    },
  };
}

/** Means over windows of a trace. */
function meansOf({ start: first, zones: values }: Trace, zones: readonly Zone[]): World['actualMean'] {
  const sums = new Map(zones.map((zone) => [zone, runningSums(values.get(zone) ?? new Float64Array(0))]));
  return (zone, start, durationHours) => meanOf(sums.get(zone), (start - first) / HOUR_MS, durationHours);
}

/** Entry k: the sum of the first k values; NaN from the first unknown on would spoil all, so unknown hours are counted beside. */
function runningSums(values: Float64Array): { readonly sum: Float64Array; readonly unknown: Float64Array } {
  const sum = new Float64Array(values.length + 1);
  const unknown = new Float64Array(values.length + 1);
  for (const [index, value] of values.entries()) {
    const isUnknown = Number.isNaN(value);
    sum[index + 1] = (sum[index] as number) + (isUnknown ? 0 : value);
    unknown[index + 1] = (unknown[index] as number) + (isUnknown ? 1 : 0);
  }
  return { sum, unknown };
}

function meanOf(sums: ReturnType<typeof runningSums> | undefined, from: number, hours: number): number | undefined {
  const end = from + hours;
  const last = Math.ceil(end - ROUNDING);
  if (!sums || from < 0 || last > sums.sum.length - 1) return undefined;
  if (at(sums.unknown, last) - at(sums.unknown, Math.floor(from)) > 0) return undefined;
  return (at(sums.sum, Math.min(end, last)) - at(sums.sum, from)) / hours;
}

/** Value between two entries, linear: within an hour the intensity is constant. */
function at(sums: Float64Array, position: number): number {
  const low = Math.floor(position);
  const from = sums[low] as number;
  return from + (position - low) * ((sums[Math.min(low + 1, sums.length - 1)] as number) - from);
}

/** Errors that last for hours, as a forecast's do: each hour keeps nine tenths of the one before it; deviation 1. */
function noiseOf(hours: number, seed: number): Float64Array {
  const normal = normalOf(randomOf(seed ^ 0x5eed));
  const noise = new Float64Array(hours);
  const kept = 0.9;
  for (let hour = 0; hour < hours; hour++)
    noise[hour] = hour === 0 ? normal() : kept * (noise[hour - 1] as number) + Math.sqrt(1 - kept * kept) * normal();
  return noise;
}
