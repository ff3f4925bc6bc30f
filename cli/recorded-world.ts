import { CalculatorError } from '../shared/calculator/error.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import { decodeCandidateZones } from '../shared/records/candidate-zones.ts';
import type { Decision } from '../shared/records/placements.ts';
import type { ReadableStore, TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import type { SimulatedJob } from '../shared/simulation/jobs.ts';
import type { Io } from './io.ts';
import { cliConfig } from './settings.ts';
import type { SimulationInput } from './simulate.ts';
import { recordedDecisions, withStore } from './stores.ts';

const DEFAULT_MS = 30 * 24 * HOUR_MS;
/** What forecasts are learnt from before the range. */
const PAST_MS = 120 * 24 * HOUR_MS;

/** A range of time from the words of the command line; throws a fault that names the option. */
export function rangeOf(options: { readonly from?: string; readonly to?: string }, now: EpochMs): TimeRange {
  const read = (name: string, text: string | undefined, otherwise: EpochMs): EpochMs => {
    if (text === undefined) return otherwise;
    const time = /^\d{4}-\d\d-\d\d$/.test(text) || /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time))
      throw new CalculatorError('bad-period', `--${name}: "${text}" is no time such as 2026-01-01T12:00:00Z`);
    return time;
  };
  const to = read('to', options.to, now);
  const from = read('from', options.from, to - DEFAULT_MS);
  if (from >= to) throw new CalculatorError('bad-period', '--from: is not before --to');
  return { from, to };
}

/** The user's own cluster as a simulation: recorded grid, recorded decisions, measured run times and power. */
export async function recordedWorld(
  options: { readonly from?: string; readonly to?: string },
  env: Environment,
  io: Io,
): Promise<SimulationInput> {
  const config = cliConfig(env);
  const range = rangeOf(options, io.clock.now());
  return await withStore(config, async (store) => {
    const { history } = store;
    const decisions = await recordedDecisions(store, range);
    if (decisions.length === 0) throw new CalculatorError('no-data', '--shadow: no decision is recorded in that time');
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
    throw new CalculatorError('no-data', '--shadow: no carbon intensity is recorded for those zones');
  const hours = Math.ceil((range.to - first) / HOUR_MS);
  const columns = new Map(zones.map((zone) => [zone, new Float64Array(hours).fill(Number.NaN)]));
  for (const { zone, hour, carbonIntensity } of rows) {
    const column = columns.get(zone);
    if (column) column[(hour - first) / HOUR_MS] = carbonIntensity;
  }
  return { start: hourOf(first), hours, zones: columns };
}

/** Where the pod could have gone, and where it went. */
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
    // What a pod waited for room counts as wait too, also beyond its deadline.
    slackHours: (Math.max(boundAt, latestStart ?? boundAt) - arrival) / HOUR_MS,
    watts: joules / (durationMs / 1_000),
    zones: zonesOf(decision),
    recorded: { start: boundAt, zone },
  };
}
