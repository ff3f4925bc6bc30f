import { replayedIntensity, type Trace } from '../../shared/grid/trace.ts';
import { type EpochMs, type GramsPerKwh, gramsPerKwh, HOUR_MS, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { encodeCandidateZones } from '../../shared/records/candidate-zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { PowerSample, PowerTick } from '../../shared/records/power.ts';
import { openSqliteStore } from '../../shared/store/sqlite/store.ts';
import { type DemoRun, demoRuns, pausedPieces } from './demo-runs.ts';
import { demoWorkloads } from './demo-workloads.ts';
import { DEMO_NODES } from './demo-world.ts';
import { pausedRuns } from './paused-jobs.ts';

const PAST_MS = 28 * 24 * HOUR_MS;
/** Length of one sample of the past, in milliseconds. */
const SAMPLE_MS = HOUR_MS / 2;
/** Samples are written a day at a time: one transaction for each scrape would take seconds. */
const TICK_MS = 24 * HOUR_MS;
/** A placement takes this long, in milliseconds. */
const BIND_MS = 2_000;

/** Writes four weeks of energy, labels and placements and two of saved emissions into the store of a folder; does nothing when it has any energy. */
export async function seedHistory(folder: string, trace: Trace, now: EpochMs): Promise<void> {
  await using store = openSqliteStore(folder);
  if ((await store.history.totals()).containers > 0) return;
  const to = Math.floor(now / SAMPLE_MS) * SAMPLE_MS;
  const runs = [...demoRuns(trace, to - PAST_MS, to), ...pausedPieces(pausedRuns(trace, now))];
  for (const tick of ticksOf(runs, to)) await store.history.append(tick);
  await store.history.compact(now);
  await store.history.recordLabels?.(runs.map(labelsOf), now);
  await store.decisions.recordDecisions(runs.map((run) => decisionOf(run, trace)));
  await store.workloads.saveWorkloads(demoWorkloads(trace, now));
  await store.nodeZones.recordNodeZones(new Map(DEMO_NODES.map((each) => [each.node, zone(each.zone)])), to - PAST_MS);
}

function* ticksOf(runs: readonly DemoRun[], to: EpochMs): Iterable<PowerTick> {
  for (let day = to - PAST_MS; day < to; day += TICK_MS) {
    const starts = Array.from({ length: TICK_MS / SAMPLE_MS }, (_, index) => day + index * SAMPLE_MS);
    const samples = starts.flatMap((start) => runs.flatMap((run) => sampleOf(run, start) ?? []));
    if (samples.length > 0) yield { target: 'simulated', samples, scrapedAt: day + TICK_MS };
  }
}

function sampleOf(run: DemoRun, start: EpochMs): PowerSample | undefined {
  const [from, to] = [Math.max(start, run.startedAt), Math.min(start + SAMPLE_MS, run.endedAt)];
  if (to <= from) return undefined;
  const { namespace, pod, container, node } = run;
  const seconds = (to - from) / 1000;
  // Services follow the day of their users, jobs do not.
  const day = run.latestStart === null ? 1 + 0.3 * Math.cos(((start / HOUR_MS - 14) / 24) * 2 * Math.PI) : 1;
  return {
    container: { namespace, pod, container, node, powerQuality: 'simulated' },
    ...{ start: from, end: to, joules: joules(Math.round(run.watts * day * seconds)) },
  };
}

function labelsOf({ namespace, pod, app }: DemoRun) {
  return { namespace, pod, labels: { app, team: namespace.replace('simulated-', '') } };
}

function decisionOf(run: DemoRun, trace: Trace): Decision {
  const zones = DEMO_NODES.map((each) => zone(each.zone));
  const intensities = zones.flatMap((each) => replayedIntensity(trace, each, run.startedAt) ?? []);
  const mean = intensities.reduce((sum, value) => sum + value, 0) / intensities.length;
  return {
    ...{ uid: `${run.namespace}/${run.pod}`, namespace: run.namespace, pod: run.pod, node: run.node, zone: run.zone },
    ...{ ownerKind: run.owner.kind, ownerName: run.owner.name, mode: 'enforce', candidates: DEMO_NODES.length },
    ...{
      intensity: replayedIntensity(trace, run.zone, run.startedAt) ?? null,
      quality: 'simulated',
      intensityAgeMs: 0,
    },
    candidateZones: encodeCandidateZones(zones),
    candidatesMean: gramsPerKwh(mean),
    candidatesWorst: extreme(Math.max, intensities),
    candidatesBest: extreme(Math.min, intensities),
    arrivedAt: run.arrivedAt,
    releasedAt: run.latestStart === null ? null : run.startedAt,
    latestStart: run.latestStart,
    decidedAt: run.startedAt,
    boundAt: run.startedAt + BIND_MS,
  };
}

function extreme(of: (...values: number[]) => number, values: readonly GramsPerKwh[]): GramsPerKwh | null {
  return values.length === 0 ? null : gramsPerKwh(of(...values));
}
