import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';

/** Least saving against running now, in percent, that is worth a wait unless the work says otherwise; less in quiet zones, see {@link usualMinSaving}. */
export const MIN_SAVING_PERCENT = 0.5;
/** Share of the spread of a day's hours that is worth a wait where it is less than {@link MIN_SAVING_PERCENT}. */
const SPREAD_SHARE = 0.025;
/** Hours over which the spread is taken. */
const SPREAD_HOURS = 24;
/** Two expectations closer than this share are the same: floating-point noise never delays a job. */
const SAME = 1e-9;

/** A zone that the job may run in, with its forecast: ascending full hours, gaps allowed. */
export interface Candidate {
  readonly zone: Zone;
  readonly forecast: readonly ForecastPoint[];
}

/** A job to be planned. Its power is taken as constant, so that least mean intensity is least grams. */
export interface PlanRequest {
  readonly now: EpochMs;
  /** How long the job is expected to run, in hours, fractions allowed. */
  readonly durationHours: number;
  /** When it must have started. */
  readonly latestStart: EpochMs;
  readonly candidates: readonly Candidate[];
  /** Default: {@link usualMinSaving}; 0 waits for any saving. */
  readonly minSavingPercent?: number;
  /** Whether no more work can start at a time in a zone; such starts are not planned. Starting now is always possible. */
  readonly isFull?: (start: EpochMs, zone: Zone) => boolean;
}

/** A start in a zone and the mean intensity expected over the job, in gCO2eq/kWh. */
export interface Slot {
  readonly start: EpochMs;
  readonly zone: Zone;
  readonly expected: number;
}

/** What a plan expects. */
interface Expectation {
  /** Running at once in the cleanest zone of now. */
  readonly now: Slot;
  /** Expected share (0 to 1) of the grams of running now that the best start saves. */
  readonly saving: number;
  /** Whether the forecast ends before the latest start could be tried: the horizon, not the grid, set the choice. */
  readonly horizonLimited: boolean;
}

/**
 * What to do with a job. `hold`: the saving is too small to plan a wait for it, but to look again in an hour is not
 * expected to cost anything; until then the job need not start.
 */
export type Plan =
  | ({ readonly kind: 'wait'; readonly slot: Slot } & Expectation)
  | ({ readonly kind: 'hold'; readonly reason: 'saving-too-small'; readonly until: EpochMs } & Expectation)
  | ({ readonly kind: 'run-now'; readonly reason: 'cleanest' | 'saving-too-small' | 'no-slack' } & Expectation)
  | { readonly kind: 'run-now'; readonly reason: 'no-forecast' };

/** The moment a job must have started by: the earlier of arrival plus `max-delay` and `deadline`; the arrival without either. */
export function latestStartOf(
  arrival: EpochMs,
  limits: { readonly maxDelayMs?: number; readonly deadline?: EpochMs },
): EpochMs {
  const { maxDelayMs, deadline } = limits;
  if (maxDelayMs === undefined && deadline === undefined) return arrival;
  return Math.min(arrival + (maxDelayMs ?? Number.POSITIVE_INFINITY), deadline ?? Number.POSITIVE_INFINITY);
}

/** Waits for the start and zone of least expected grams, or runs now when that saves less than the minimum; ties run earliest, then in the order of the candidates. */
export function plan(request: PlanRequest): Plan {
  const { now, latestStart, minSavingPercent = usualMinSaving(request) } = request;
  const atOnce = bestSlot({ ...request, latestStart: now });
  if (!atOnce) return { kind: 'run-now', reason: 'no-forecast' };
  if (latestStart <= now) return { kind: 'run-now', reason: 'no-slack', now: atOnce, saving: 0, horizonLimited: false };
  const horizonLimited = isHorizonLimited(request);
  const best = bestSlot(request);
  if (!best || best.start === now)
    return { kind: 'run-now', reason: 'cleanest', now: atOnce, saving: 0, horizonLimited };
  const expectation = {
    now: atOnce,
    saving: (atOnce.expected - best.expected) / Math.abs(atOnce.expected),
    horizonLimited,
  };
  if (expectation.saving * 100 >= minSavingPercent) return { kind: 'wait', slot: best, ...expectation };
  const until = hourOf(now) + HOUR_MS;
  const later = until <= latestStart ? bestSlot({ ...request, now: until, latestStart: until }) : undefined;
  if (later && later.expected <= atOnce.expected)
    return { kind: 'hold', reason: 'saving-too-small', until, ...expectation };
  return { kind: 'run-now', reason: 'saving-too-small', ...expectation };
}

/**
 * The least saving in percent that is worth a wait by default: {@link MIN_SAVING_PERCENT}, or a fortieth of the spread
 * between the dirtiest and the cleanest hour of the day ahead where that is less, so that quiet zones save, too.
 */
export function usualMinSaving({ now, candidates }: Pick<PlanRequest, 'now' | 'candidates'>): number {
  let least = MIN_SAVING_PERCENT;
  for (const { forecast } of candidates) {
    let [low, high, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (const { datetime, carbonIntensity } of forecast) {
      if (datetime + HOUR_MS <= now || datetime >= now + SPREAD_HOURS * HOUR_MS) continue;
      low = Math.min(low, carbonIntensity);
      high = Math.max(high, carbonIntensity);
      sum += carbonIntensity;
      count += 1;
    }
    if (sum > 0) least = Math.min(least, (100 * SPREAD_SHARE * (high - low)) / (sum / count));
  }
  return least;
}

/** Whether the forecast ends before the latest start could be tried, so that a cleaner start may lie beyond it. */
export function isHorizonLimited({
  candidates,
  durationHours,
  latestStart,
}: Pick<PlanRequest, 'candidates' | 'durationHours' | 'latestStart'>): boolean {
  return endOf(candidates) - durationHours * HOUR_MS < latestStart;
}

/** The slot of least mean intensity from now to the latest start; undefined when no forecast covers one. */
export function bestSlot(request: PlanRequest): Slot | undefined {
  const { now, latestStart, candidates } = request;
  const durationMs = request.durationHours * HOUR_MS;
  const latest = Math.min(latestStart, endOf(candidates) - durationMs);
  let best: Slot | undefined;
  for (const start of possibleStarts(now, latest, durationMs)) {
    for (const { zone, forecast } of candidates) {
      const expected = windowMean(forecast, start, durationMs);
      if (expected === undefined) continue;
      if (best && !(expected < best.expected - SAME * Math.abs(best.expected))) continue;
      if (start === now || !request.isFull?.(start, zone)) best = { start, zone, expected };
    }
  }
  return best;
}

/** Mean intensity over `[start, start + durationMs)`, each hour weighted by its part of the window; undefined when a part is unknown. */
export function windowMean(forecast: readonly ForecastPoint[], start: EpochMs, durationMs: number): number | undefined {
  if (!(durationMs > 0)) return undefined;
  const end = start + durationMs;
  let covered = 0;
  let sum = 0;
  for (let index = firstAfter(forecast, start - HOUR_MS); index < forecast.length; index++) {
    const { datetime, carbonIntensity } = forecast[index] as ForecastPoint;
    if (datetime >= end) break;
    const part = Math.min(end, datetime + HOUR_MS) - Math.max(start, datetime);
    covered += part;
    sum += part * carbonIntensity;
  }
  return covered >= durationMs * (1 - SAME) ? sum / covered : undefined;
}

function endOf(candidates: readonly Candidate[]): EpochMs {
  return Math.max(
    ...candidates.map(({ forecast }) => (forecast.at(-1)?.datetime ?? Number.NEGATIVE_INFINITY) + HOUR_MS),
  );
}

/**
 * Starts between which the mean changes evenly, so that one of them is the least: now, the latest, and wherever the
 * window's beginning or end meets a full hour. Ascending.
 */
function possibleStarts(now: EpochMs, latest: EpochMs, durationMs: number): readonly EpochMs[] {
  const starts = new Set([now, Math.max(now, latest)]);
  for (let hour = Math.ceil(now / HOUR_MS) * HOUR_MS; hour <= latest; hour += HOUR_MS) starts.add(hour);
  for (let end = Math.ceil((now + durationMs) / HOUR_MS) * HOUR_MS; end - durationMs <= latest; end += HOUR_MS) {
    starts.add(end - durationMs);
  }
  return [...starts].sort((a, b) => a - b);
}

/** Index of the first point that begins after a time. */
function firstAfter(forecast: readonly ForecastPoint[], time: EpochMs): number {
  let low = 0;
  let high = forecast.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((forecast[middle] as ForecastPoint).datetime > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
