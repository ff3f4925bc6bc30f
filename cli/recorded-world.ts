import type { HourlyIntensity } from '../shared/grid/intensity.ts';
import type { Trace } from '../shared/grid/trace.ts';
import { HOUR_MS, hourOf } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { type RecordedJobs, recordedJobs } from '../shared/simulation/recorded-jobs.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { intensitiesFromApi, recordedJobsFromApi } from './api-recorded.ts';
import { cliError } from './errors.ts';
import type { Io } from './io.ts';
import { parseTimeRange } from './options.ts';
import { cliConfig } from './settings.ts';
import type { SimulationInput } from './simulation-input.ts';
import { recordedDecisions, withStore } from './stores.ts';

/** History before the range that forecasts learn from, in milliseconds. */
const PAST_MS = 120 * 24 * HOUR_MS;

type Hour = Pick<HourlyIntensity, 'zone' | 'hour' | 'carbonIntensity' | 'signal'>;

/** The user's cluster as input of a simulation: recorded intensity and decisions, measured run times and power. */
export async function recordedWorld(
  options: { readonly from?: string; readonly to?: string },
  env: Environment,
  io: Io,
): Promise<SimulationInput> {
  const now = io.clock.now();
  const range = parseTimeRange(options, now);
  const past = { from: range.from - PAST_MS, to: now };
  const api = apiClient(env);
  const { recorded, hours } = await (api ? readApi(api, range, past) : readStore(env, range, past));
  const { decisions, zones, jobs } = recorded;
  const source = `${jobs.length} of ${decisions} recorded decisions have measured power and a known zone`;
  const trace = traceOf(hours, zones, past, 'average');
  if (trace === undefined)
    throw cliError('NO_RECORDS', {
      message: '--shadow: no carbon intensity is recorded for the zones of those decisions',
    });
  return { trace, marginal: traceOf(hours, zones, past, 'marginal'), zones, jobs, source };
}

interface Recorded {
  readonly recorded: RecordedJobs;
  readonly hours: readonly Hour[];
}

async function readApi(api: ApiClient, range: TimeRange, past: TimeRange): Promise<Recorded> {
  const recorded = await recordedJobsFromApi(api, range);
  if (recorded.decisions === 0) throw noDecisions();
  const hours = (await intensitiesFromApi(api, past)).filter(({ zone }) => recorded.zones.includes(zone));
  return { recorded, hours };
}

async function readStore(env: Environment, range: TimeRange, past: TimeRange): Promise<Recorded> {
  return withStore(cliConfig(env), async (store) => {
    const decisions = await recordedDecisions(store, range);
    if (decisions.length === 0) throw noDecisions();
    const recorded = await recordedJobs(store.history, decisions);
    return { recorded, hours: await store.history.intensities(recorded.zones, past) };
  });
}

function noDecisions(): Error {
  return cliError('NO_RECORDS', { message: '--shadow: no placement decision is recorded in that time range' });
}

/** The hours of a signal as a trace; undefined where there are none. */
function traceOf(
  hours: readonly Hour[],
  zones: readonly Zone[],
  { to }: TimeRange,
  of: Hour['signal'],
): Trace | undefined {
  const rows = hours.filter(({ signal }) => signal === of);
  const first = rows.reduce((least, { hour }) => Math.min(least, hour), Number.POSITIVE_INFINITY);
  if (rows.length === 0) return undefined;
  const length = Math.ceil((to - first) / HOUR_MS);
  const columns = new Map(zones.map((zone) => [zone, new Float64Array(length).fill(Number.NaN)]));
  for (const { zone, hour, carbonIntensity } of rows) {
    const column = columns.get(zone);
    if (column) column[(hour - first) / HOUR_MS] = carbonIntensity;
  }
  return { start: hourOf(first), hours: length, zones: columns };
}
