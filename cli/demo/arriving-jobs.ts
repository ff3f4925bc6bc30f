import { plan } from '../../shared/deferral/plan.ts';
import { forecast } from '../../shared/forecast/forecast.ts';
import { hourlySeries } from '../../shared/forecast/series.ts';
import type { Trace } from '../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { hoursAhead } from './demo-trace.ts';
import { DEMO_JOBS, DEMO_ZONES, type DemoJob } from './demo-world.ts';

/** Hours of the past that the poller has of a replayed trace when it starts. */
const PAST_HOURS = 28 * 24;
/** Jobs that are expected to wait, and jobs that are expected to run, at the start. */
const WAITING = 7;
const RUNNING = 2;

/**
 * Batch jobs that arrive as the demo starts, each with its data in one zone. Which of them is chosen by a forecast like the
 * product's own, so that in every hour of every day most wait and some run; the product then decides about each by itself.
 */
export function arrivingJobs(trace: Trace, now: EpochMs): DemoJob[] {
  const forecasts = new Map(DEMO_ZONES.map((zone) => [zone, forecastOf(trace, zone, now)]));
  const tied = DEMO_JOBS.filter(({ maxDelayHours }) => maxDelayHours !== undefined).flatMap((job) =>
    DEMO_ZONES.map((zone) => ({ ...job, zone })),
  );
  const decided = tied.map((job) => {
    const { hours: durationHours, maxDelayHours = 0, zone } = job;
    const candidates = [{ zone, forecast: forecasts.get(zone) ?? [] }];
    const planned = plan({ now, durationHours, latestStart: now + maxDelayHours * HOUR_MS, candidates });
    return { job, saving: planned.kind === 'wait' ? planned.saving : 0 };
  });
  const ranked = decided.toSorted((a, b) => b.saving - a.saving).map(({ job }) => job);
  const atOnce = DEMO_JOBS.filter(({ maxDelayHours }) => maxDelayHours === undefined);
  return [...ranked.slice(0, WAITING), ...ranked.slice(-RUNNING), ...atOnce];
}

function forecastOf(trace: Trace, zone: Zone, now: EpochMs) {
  const past = hourlySeries(hoursAhead(trace, zone, hourOf(now) - (PAST_HOURS - 1) * HOUR_MS, PAST_HOURS));
  return past === undefined ? [] : (forecast({ zone, now, histories: new Map([[zone, past]]) }) ?? []);
}
