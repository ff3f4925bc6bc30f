// Flow: at any hour of a day, the jobs that arrive with the demo are decided about by the product's own controller code.
import { describe, expect, it } from 'vitest';
import { arriveAtFirst } from '../../../cli/demo/cluster-life.ts';
import { createClusterObjects } from '../../../cli/demo/cluster-objects.ts';
import { writeDemoTrace } from '../../../cli/demo/demo-trace.ts';
import { DEMO_ZONES } from '../../../cli/demo/demo-world.ts';
import { createReconciler } from '../../../extender/deferral/reconcile.ts';
import { pausableJob, waitingJob } from '../../../extender/deferral/waiting-job.ts';
import { type ForecastModel, fitForecast, forecastWith } from '../../../shared/forecast/forecast.ts';
import { hourlySeries } from '../../../shared/forecast/series.ts';
import type { CachedRegion, CacheState } from '../../../shared/grid/carbon-cache.ts';
import { rankRegions } from '../../../shared/grid/carbon-cache.ts';
import { intensitySample } from '../../../shared/grid/intensity.ts';
import { replayedIntensity, type Trace } from '../../../shared/grid/trace.ts';
import { HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { temporaryFolder } from '../run.ts';

const PAST_HOURS = 28 * 24;
/** A winter's day and a summer's day. */
const DAYS = ['2026-11-28', '2026-07-04'];

/** Forecasts of the demo's zones as the poller makes them, from all zones of the trace that it replays. */
function forecaster(trace: Trace) {
  const models = new Map<Zone, ForecastModel | undefined>();
  return (of: Zone, now: number) => {
    const histories = new Map(
      DEMO_ZONES.map((each) => {
        const hours = Array.from({ length: PAST_HOURS }, (_, ago) => hourOf(now) - ago * HOUR_MS);
        const known = hours.map((datetime) => ({
          datetime,
          carbonIntensity: replayedIntensity(trace, each, datetime) ?? Number.NaN,
        }));
        return [each, hourlySeries(known) ?? { start: 0, values: new Float64Array() }];
      }),
    );
    const model = models.get(of) ?? fitForecast({ zone: of, now, histories });
    models.set(of, model);
    return (model && forecastWith(model, { now, histories })) ?? [];
  };
}

function gridAt(trace: Trace, ahead: ReturnType<typeof forecaster>, now: number): CacheState {
  const regions = DEMO_ZONES.map((of): CachedRegion => {
    const carbonIntensity = replayedIntensity(trace, of, now);
    if (carbonIntensity === undefined) throw new Error(`the trace has no ${of}`);
    const datetime = hourOf(now);
    const sample = { zone: of, carbonIntensity, datetime, fetchedAt: now, provider: 'replay' };
    return { ...intensitySample({ ...sample, quality: 'simulated' as const }), forecast: ahead(of, now) };
  });
  const { ranked, unranked } = rankRegions(regions);
  const byZone = new Map(regions.map((region) => [region.zone, region]));
  const snapshot = { writtenAt: now, ttlMs: HOUR_MS, regions: byZone, ranked, unranked };
  return { kind: 'fresh', ageMs: 0, snapshot };
}

/** What the deferral controller does with the jobs that arrive at a time. */
function decidedAt(trace: Trace, ahead: ReturnType<typeof forecaster>, now: number) {
  const clock = { ...systemClock, now: () => now };
  const objects = createClusterObjects(clock);
  arriveAtFirst(objects, trace, now);
  const jobs = objects.all('jobs');
  const waiting = jobs.flatMap((job) => waitingJob(job) ?? []);
  const paused = jobs.flatMap((job) => (job.spec?.suspend === true ? (pausableJob(job) ?? []) : []));
  const cache = gridAt(trace, ahead, now);
  const reconciler = createReconciler({
    ...{ cache: () => cache, zones: () => DEMO_ZONES, mode: 'on', releasePerMinute: 60, periodMs: 5_000 },
    ...{ defaultDurationHours: 1, durationOf: () => undefined, clock },
  });
  const kinds = reconciler.decide([...waiting, ...paused]).map(({ work, action }) => ({ work, kind: action.kind }));
  const guaranteed = reconciler.guaranteed([...waiting, ...paused]);
  return {
    planned: kinds.filter(({ work, kind }) => work.progress === undefined && kind === 'plan').length,
    released: kinds.filter(({ kind }) => kind === 'release').length + jobs.filter((job) => !job.spec?.suspend).length,
    stillPaused: kinds.filter(({ work, kind }) => work.progress !== undefined && kind === 'wait').length,
    guaranteed: guaranteed.length,
  };
}

describe('the jobs that arrive with the demo', { timeout: 60_000 }, () => {
  it.each(DAYS)('wait, run and are paused at every hour of %s', async (day) => {
    using folder = temporaryFolder();
    const { trace } = await writeDemoTrace(folder.path);
    const ahead = forecaster(trace);

    for (let hour = 0; hour < 24; hour++) {
      const at = Date.parse(`${day}T00:07:00Z`) + hour * HOUR_MS;
      const { planned, released, stillPaused, guaranteed } = decidedAt(trace, ahead, at);

      expect(planned, `jobs with a planned hour at ${hour}:07`).toBeGreaterThan(3);
      expect(released, `jobs that run at ${hour}:07`).toBeGreaterThan(0);
      expect(stillPaused, `paused jobs at ${hour}:07`).toBeGreaterThan(0);
      expect(guaranteed).toBe(0);
    }
  });

  it('have their data in a zone of the cluster', async () => {
    using folder = temporaryFolder();
    const { trace } = await writeDemoTrace(folder.path);
    const objects = createClusterObjects(systemClock);

    arriveAtFirst(objects, trace, Date.parse('2026-11-28T10:00:00Z'));

    const zones = objects
      .all('jobs')
      .flatMap(({ metadata }) => metadata.annotations?.['carbon-extender.io/zones'] ?? []);
    expect(zones.length).toBeGreaterThan(8);
    for (const code of zones) expect(DEMO_ZONES).toContain(zone(code));
  });
});
