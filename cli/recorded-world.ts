import { type EpochMs, HOUR_MS, hourOf } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import { decodeCandidateZones } from '../shared/records/candidate-zones.ts';
import type { Decision } from '../shared/records/placements.ts';
import type { ReadableStore, TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import type { SimulatedJob } from '../shared/simulation/jobs.ts';
import { cliError } from './errors.ts';
import type { Io } from './io.ts';
import { parseTimeRange } from './options.ts';
import { cliConfig } from './settings.ts';
import type { SimulationInput } from './simulation-input.ts';
import { recordedDecisions, withStore } from './stores.ts';

/** History before the range that forecasts learn from, in milliseconds. */
const PAST_MS = 120 * 24 * HOUR_MS;

/** The user's cluster as input of a simulation: recorded intensity and decisions, measured run times and power. */
export async function recordedWorld(
  options: { readonly from?: string; readonly to?: string },
  env: Environment,
  io: Io,
): Promise<SimulationInput> {
  const config = cliConfig(env);
  const range = parseTimeRange(options, io.clock.now());
  return await withStore(config, async (store) => {
    const { history } = store;
    const decisions = await recordedDecisions(store, range);
    if (decisions.length === 0)
      throw cliError('NO_RECORDS', { message: '--shadow: no placement decision is recorded in that time range' });
    const zones = [...new Set(decisions.flatMap((decision) => zonesOf(decision)))];
    const trace = await traceOf(history, zones, { from: range.from - PAST_MS, to: io.clock.now() });
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
    const source = `${jobs.length} of ${decisions.length} recorded decisions have measured power and a known zone`;
    return { trace, zones, jobs: jobs.sort((a, b) => a.arrival - b.arrival), source };
  });
}

async function traceOf(history: ReadableStore, zones: readonly Zone[], range: TimeRange) {
  const rows = (await history.intensities(zones, range)).filter(({ signal }) => signal === 'average');
  const first = rows.reduce((least, { hour }) => Math.min(least, hour), Number.POSITIVE_INFINITY);
  if (rows.length === 0)
    throw cliError('NO_RECORDS', {
      message: '--shadow: no carbon intensity is recorded for the zones of those decisions',
    });
  const hours = Math.ceil((range.to - first) / HOUR_MS);
  const columns = new Map(zones.map((zone) => [zone, new Float64Array(hours).fill(Number.NaN)]));
  for (const { zone, hour, carbonIntensity } of rows) {
    const column = columns.get(zone);
    if (column) column[(hour - first) / HOUR_MS] = carbonIntensity;
  }
  return { start: hourOf(first), hours, zones: columns };
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
