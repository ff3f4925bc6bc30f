import { bestSlot } from '../../shared/deferral/plan.ts';
import type { ForecastPoint } from '../../shared/grid/intensity.ts';
import type { Trace } from '../../shared/grid/trace.ts';
import { replayedIntensity } from '../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import { type Zone, zone } from '../../shared/grid/zones.ts';
import { generatedSuffix, pausedJobName, replicaNames } from './demo-objects.ts';
import { hoursAhead } from './demo-trace.ts';
import { DEMO_JOBS, DEMO_NODES, DEMO_SERVICES, DEMO_ZONES, type DemoJob } from './demo-world.ts';
import type { PausedRun } from './paused-jobs.ts';

/** A pod of the demo's past: what it was, where and when it ran, and how long it had waited. */
export interface DemoRun {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly app: string;
  readonly owner: { readonly kind: string; readonly name: string };
  readonly node: string;
  readonly zone: Zone;
  readonly watts: number;
  readonly arrivedAt: EpochMs;
  readonly startedAt: EpochMs;
  /** End, or the end of the past for what still ran. */
  readonly endedAt: EpochMs;
  /** Until when it might have waited; null for one that started at once. */
  readonly latestStart: EpochMs | null;
}

const DAY_MS = 24 * HOUR_MS;
/** Services are rolled out anew this often, and placed anew. */
const ROLLOUT_MS = 7 * DAY_MS;
/** Pods of services on one node, so that they do not all crowd into one zone. */
const SERVICES_PER_NODE = 2;

/** The pieces that paused runs have behind them, one pod each. */
export function pausedPieces(runs: readonly PausedRun[]): DemoRun[] {
  return runs.flatMap(({ job, arrivedAt, ran }) => {
    const { namespace, name, watts, hours, zone, maxDelayHours = 0 } = job;
    const owner = pausedJobName(job, arrivedAt);
    const latestStart = arrivedAt + maxDelayHours * HOUR_MS;
    return ran.map(({ start, end }, index) => ({
      ...{ namespace, container: 'worker', app: name, watts, zone, node: nodeIn(zone), arrivedAt },
      pod: `${owner}-${generatedSuffix(`${owner}${index}${hours}`, 5)}`,
      owner: { kind: 'Job', name: owner },
      ...{ startedAt: start, endedAt: end, latestStart: Math.max(start, latestStart) },
    }));
  });
}

function nodeIn(of: Zone): string {
  const found = DEMO_NODES.find((each) => zone(each.zone) === of);
  if (found === undefined) throw new Error(`the demo has no node in ${of}`);
  return found.node;
}

/** What a plain forecast would have expected: the same hours of the day before. A perfect one would have saved all that was possible. */
function asYesterday(trace: Trace, of: Zone, from: EpochMs, hours: number): ForecastPoint[] {
  return hoursAhead(trace, of, from - DAY_MS, hours).map((point) => ({ ...point, datetime: point.datetime + DAY_MS }));
}

/** Every run of a span of time, planned with the product's own rules by what the day before was like. */
export function demoRuns(trace: Trace, from: EpochMs, to: EpochMs): DemoRun[] {
  const runs: DemoRun[] = [];
  for (let start = from; start < to; start += ROLLOUT_MS)
    runs.push(...rollout(trace, start, Math.min(to, start + ROLLOUT_MS)));
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS)
    for (const job of DEMO_JOBS)
      for (const hour of job.arrivals) {
        const arrivedAt = day + hour * HOUR_MS;
        if (arrivedAt < from) continue;
        const run = jobRun(trace, job, arrivedAt, to);
        if (run !== undefined) runs.push(run);
      }
  return runs.sort((a, b) => a.startedAt - b.startedAt);
}

function rollout(trace: Trace, startedAt: EpochMs, endedAt: EpochMs): DemoRun[] {
  const load = new Map<string, number>();
  const ranked = cleanest(trace, startedAt);
  return DEMO_SERVICES.flatMap((service) =>
    replicaNames({ ...service, name: service.name }).map((name) => {
      const node = ranked.find((each) => (load.get(each.node) ?? 0) < SERVICES_PER_NODE) ?? DEMO_NODES[0];
      if (node === undefined) throw new Error('the demo has no nodes');
      load.set(node.node, (load.get(node.node) ?? 0) + 1);
      const replicaSet = `${service.name}-${generatedSuffix(`${service.name}${startedAt}`, 10)}`;
      return {
        ...{ namespace: service.namespace, container: 'app', app: service.name, watts: service.watts },
        ...(service.stateful
          ? { pod: name, owner: { kind: 'StatefulSet', name: service.name } }
          : { pod: `${replicaSet}-${name.slice(-5)}`, owner: { kind: 'ReplicaSet', name: replicaSet } }),
        ...{ node: node.node, zone: zone(node.zone) },
        ...{ arrivedAt: startedAt, startedAt, endedAt, latestStart: null },
      };
    }),
  );
}

function jobRun(trace: Trace, job: DemoJob, arrivedAt: EpochMs, to: EpochMs): DemoRun | undefined {
  const { namespace, name, watts, hours, maxDelayHours = 0 } = job;
  const latestStart = arrivedAt + maxDelayHours * HOUR_MS;
  const length = Math.ceil(maxDelayHours + hours) + 1;
  const candidates = DEMO_ZONES.map((each) => ({ zone: each, forecast: asYesterday(trace, each, arrivedAt, length) }));
  const slot = bestSlot({ now: arrivedAt, durationHours: hours, latestStart, candidates });
  if (slot === undefined || slot.start >= to) return undefined;
  const jobName = `${name}-${Math.floor(arrivedAt / 60_000)}`;
  return {
    ...{ namespace, container: 'worker', app: name, watts, zone: slot.zone, node: nodeIn(slot.zone) },
    pod: `${jobName}-${generatedSuffix(jobName, 5)}`,
    owner: { kind: 'Job', name: jobName },
    ...{ arrivedAt, startedAt: slot.start, endedAt: Math.min(to, slot.start + hours * HOUR_MS) },
    latestStart: job.maxDelayHours === undefined ? null : latestStart,
  };
}

function cleanest(trace: Trace, at: EpochMs) {
  const intensityOf = (code: string) => replayedIntensity(trace, zone(code), at) ?? Number.POSITIVE_INFINITY;
  return DEMO_NODES.toSorted((a, b) => intensityOf(a.zone) - intensityOf(b.zone));
}
