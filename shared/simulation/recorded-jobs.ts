import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { decodeCandidateZones } from '../records/candidate-zones.ts';
import type { Decision } from '../records/placements.ts';
import type { ReadableStore } from '../records/power.ts';
import type { SimulatedJob } from './jobs.ts';

/** Recorded placements as jobs of a simulation. */
export interface RecordedJobs {
  /** Decisions of the range, with and without measured power. */
  readonly decisions: number;
  /** Zones of all candidate nodes. */
  readonly zones: readonly Zone[];
  /** Those with measured power and a known zone, ascending by arrival. */
  readonly jobs: readonly SimulatedJob[];
}

/** What ran on this cluster: arrivals, run times, slack and measured power of the pods of some decisions (oldest first). */
export async function recordedJobs(history: ReadableStore, decisions: readonly Decision[]): Promise<RecordedJobs> {
  const jobs: SimulatedJob[] = [];
  const ends = new Map<string, EpochMs>();
  for (const { container, last } of await history.containers())
    ends.set(podKey(container), Math.max(last, ends.get(podKey(container)) ?? last));
  for (const decision of decisions.toReversed()) {
    const job = await jobOf(history, decision, ends.get(podKey(decision)) ?? 0);
    // An earlier pod of the same name had ended when this one was bound.
    ends.set(podKey(decision), decision.boundAt);
    if (job) jobs.push(job);
  }
  const zones = [...new Set(decisions.flatMap((decision) => zonesOf(decision)))];
  return { decisions: decisions.length, zones, jobs: jobs.sort((a, b) => a.arrival - b.arrival) };
}

/** Zones of the candidate nodes, and of the node that was chosen. */
function zonesOf({ zone, candidateZones }: Decision): readonly Zone[] {
  return [...new Set([...(decodeCandidateZones(candidateZones)?.keys() ?? []), ...(zone === null ? [] : [zone])])];
}

function podKey({ namespace, pod }: { readonly namespace: string; readonly pod: string }): string {
  return `${namespace}/${pod}`;
}

async function jobOf(history: ReadableStore, decision: Decision, end: EpochMs): Promise<SimulatedJob | undefined> {
  const { namespace, pod, boundAt, zone, latestStart } = decision;
  let joules = 0;
  if (zone === null || end <= boundAt) return undefined;
  for await (const samples of history.samples({ namespace, pod }, { from: boundAt, to: end }))
    for (const sample of samples) joules += sample.joules;
  if (joules === 0) return undefined;
  const durationMs = end - boundAt;
  const arrival = Math.min(decision.arrivedAt ?? boundAt, boundAt);
  return {
    arrival,
    durationHours: durationMs / HOUR_MS,
    // Waiting for free capacity counts as waiting too, even past the deadline.
    slackHours: (Math.max(boundAt, latestStart ?? boundAt) - arrival) / HOUR_MS,
    watts: joules / (durationMs / 1_000),
    zones: zonesOf(decision),
    recorded: { start: boundAt, zone },
  };
}
