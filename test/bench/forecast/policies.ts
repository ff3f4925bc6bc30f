import type { PauseLimits } from '../../../shared/deferral/pieces.ts';
import { type PlanRequest, plan, type Slot } from '../../../shared/deferral/plan.ts';
import { revise } from '../../../shared/deferral/replan.ts';
import type { ForecastPoint } from '../../../shared/grid/intensity.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { inPieces } from '../../../shared/simulation/paused.ts';
import type { World } from '../../../shared/simulation/world.ts';
import { meanOver, type Policy, SLACK } from './shares.ts';

/** Forecasts of one zone by the hour of the trace in which they were made, and the start of hour 0. */
export interface HourlyForecasts {
  readonly start: number;
  readonly at: readonly (readonly ForecastPoint[])[];
}

const ZONE = 'DE' as Zone;

/** The product's plan, made once at arrival; without a minimum saving the product's default. */
export function planOnce(forecasts: HourlyForecasts, minSavingPercent?: number): Policy {
  return (arrival, duration) => {
    const decided = plan(request(forecasts, arrival, arrival, duration, minSavingPercent));
    return decided.kind === 'wait' ? (decided.slot.start - forecasts.start) / HOUR_MS - arrival : 0;
  };
}

/** What the deferral controller does: plans at arrival, and looks again every hour and when a start is due. */
export function planAndRevise(forecasts: HourlyForecasts, minSavingPercent?: number, margin?: number): Policy {
  return (arrival, duration) => {
    let slot: Slot | undefined;
    for (let hour = arrival; hour < arrival + SLACK; hour++) {
      const asked = request(forecasts, hour, arrival, duration, minSavingPercent);
      if (slot === undefined) {
        const decided = plan(asked);
        if (decided.kind === 'run-now') return hour - arrival;
        if (decided.kind === 'wait') slot = decided.slot;
      } else {
        const revision = revise(slot, asked, margin);
        if (revision.kind === 'change') slot = revision.slot;
      }
      if (slot && slot.start <= asked.now) return hour - arrival;
    }
    return SLACK;
  };
}

function request(
  { start, at }: HourlyForecasts,
  hour: number,
  arrival: number,
  durationHours: number,
  minSavingPercent: number | undefined,
): PlanRequest {
  return {
    now: start + hour * HOUR_MS,
    durationHours,
    latestStart: start + (arrival + SLACK) * HOUR_MS,
    candidates: [{ zone: ZONE, forecast: at[hour] ?? [] }],
    ...(minSavingPercent !== undefined && { minSavingPercent }),
  };
}

/** Mean intensity that work which may pause meets, times what its restarts add; and how often its deadline is missed. */
export function pausedMean(forecasts: HourlyForecasts, sums: Float64Array, limits: PauseLimits = {}) {
  const { start, at } = forecasts;
  const world = {
    zones: [ZONE],
    forecast: (now: number) => [{ zone: ZONE, forecast: at[Math.floor((now - start) / HOUR_MS)] ?? [] }],
  };
  const policy = inPieces(world as unknown as World, limits);
  return (arrival: number, duration: number): { mean: number; isLate: boolean } => {
    const job = {
      arrival: start + arrival * HOUR_MS,
      durationHours: duration,
      slackHours: SLACK,
      watts: 1,
      zones: [ZONE],
    };
    const pieces = policy(job)?.pieces ?? [{ start: job.arrival, end: job.arrival + duration * HOUR_MS }];
    let total = 0;
    for (const piece of pieces) {
      const [from, to] = [(piece.start - start) / HOUR_MS, (piece.end - start) / HOUR_MS];
      total += sumBetween(sums, from, to);
    }
    const end = pieces.at(-1)?.end ?? 0;
    return { mean: total / duration, isLate: end > job.arrival + (SLACK + duration) * HOUR_MS + 1 };
  };
}

function sumBetween(sums: Float64Array, from: number, to: number): number {
  return sumTo(sums, to) - sumTo(sums, from);
}

function sumTo(sums: Float64Array, position: number): number {
  const low = Math.floor(position);
  const part = position - low;
  return (sums[low] as number) + (part > 0 ? part * meanOver(sums, low, 1) : 0);
}
