import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import distributions from '../shared/data/job-distributions.json' with { type: 'json' };
import type { Trace } from '../shared/grid/trace.ts';
import { importTrace } from '../shared/grid/trace-import.ts';
import { HOUR_MS } from '../shared/grid/units.ts';
import { type Zone, zone } from '../shared/grid/zones.ts';
import { drawJobs, type JobDistribution, parseJobs, type SimulatedJob } from '../shared/simulation/jobs.ts';
import { cliError } from './errors.ts';
import { fileReason } from './file-reason.ts';
import { parseNumber } from './options.ts';

/** A trace of carbon intensity and the jobs to run on it, from files or from the history. */
export interface SimulationInput {
  readonly trace: Trace;
  /** Marginal intensities of the zones, where they are known. */
  readonly marginal?: Trace | undefined;
  /** Zones that jobs may run in. */
  readonly zones: readonly Zone[];
  /** Ascending by arrival. */
  readonly jobs: readonly SimulatedJob[];
  /** Where trace and jobs come from, for the reader of the result. */
  readonly source: string;
}

/** The options of `carbon simulate` that select trace and jobs, as written. */
export interface TraceOptions {
  readonly trace?: string;
  readonly marginalTrace?: string;
  readonly jobs: string;
  readonly zone?: string;
  readonly count: string;
  readonly slack: string;
  readonly wattsPerCore: string;
}

const BUILT_IN_TRACE = new URL('../shared/data/trace-2021.csv.gz', import.meta.url).pathname;

/** Trace and jobs from files, or from the built-in trace and a distribution of jobs; throws FILE_INVALID or ZONE_NOT_IN_TRACE. */
export function traceInput(options: TraceOptions, seed: number): SimulationInput {
  const file = options.trace ?? BUILT_IN_TRACE;
  const trace = readTrace(file);
  const zones = options.zone
    ? options.zone.split(',').map((code) => knownZone(code, trace))
    : [...trace.zones.keys()].slice(0, 1);
  const jobs = jobsOf(options, trace, seed);
  const marginal = options.marginalTrace === undefined ? undefined : readTrace(options.marginalTrace);
  return { trace, marginal, zones, jobs, source: options.trace ?? 'built-in trace of 2021' };
}

function jobsOf(options: TraceOptions, trace: Trace, seed: number): readonly SimulatedJob[] {
  const known: Readonly<Record<string, JobDistribution>> = distributions.distributions;
  const distribution = Object.hasOwn(known, options.jobs) ? known[options.jobs] : undefined;
  if (distribution === undefined) {
    const jobs = readOr(options.jobs, () => parseJobs(readFileSync(options.jobs, 'utf8')));
    return jobs.sort((a, b) => a.arrival - b.arrival);
  }
  return drawJobs(distribution, {
    count: parseNumber('--count', options.count, { least: 1, whole: true }),
    seed,
    from: trace.start,
    to: trace.start + trace.hours * HOUR_MS,
    slackHours: parseNumber('--slack', options.slack, { least: 0 }),
    wattsPerCore: parseNumber('--watts-per-core', options.wattsPerCore, { least: 0 }),
  });
}

function readTrace(file: string): Trace {
  return readOr(file, () => {
    const bytes = readFileSync(file);
    return importTrace((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString());
  });
}

function readOr<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw cliError('FILE_INVALID', { file, reason: fileReason(error) });
  }
}

function knownZone(code: string, trace: Trace): Zone {
  const known = [...trace.zones.keys()];
  const wanted = zoneOf(code);
  if (wanted !== undefined && trace.zones.has(wanted)) return wanted;
  throw cliError('ZONE_NOT_IN_TRACE', { zone: wanted ?? code, zones: known.join(', ') });
}

function zoneOf(code: string): Zone | undefined {
  try {
    return zone(code);
  } catch {
    return undefined;
  }
}
