import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { CalculatorError } from '../shared/calculator/error.ts';
import distributions from '../shared/data/job-distributions.json' with { type: 'json' };
import type { Trace } from '../shared/grid/trace.ts';
import { importTrace } from '../shared/grid/trace-import.ts';
import { HOUR_MS, isoTime } from '../shared/grid/units.ts';
import { type Zone, zone } from '../shared/grid/zones.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { drawJobs, type JobDistribution, parseJobs, type SimulatedJob } from '../shared/simulation/jobs.ts';
import { POLICY_NAMES, type PolicyName } from '../shared/simulation/policies.ts';
import { type PolicyResult, type SimulationResult, simulate } from '../shared/simulation/simulate.ts';
import { worldOf } from '../shared/simulation/world.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { withProgress } from './progress.ts';
import { recordedWorld } from './recorded-world.ts';
import { type Column, textTable } from './table.ts';

interface SimulateOptions {
  readonly trace?: string;
  readonly jobs: string;
  readonly policy: string;
  readonly zone?: string;
  readonly count: string;
  readonly seed: string;
  readonly slack: string;
  readonly wattsPerCore: string;
  readonly minSaving: string;
  readonly threshold: string;
  readonly errors: string;
  readonly shadow?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** A trace and jobs, wherever they came from. */
export interface SimulationInput {
  readonly trace: Trace;
  readonly zones: readonly Zone[];
  readonly jobs: readonly SimulatedJob[];
  readonly source: string;
}

const BUILT_IN_TRACE = new URL('../shared/data/trace-2021.csv.gz', import.meta.url).pathname;

const COLUMNS: readonly Column<PolicyResult>[] = [
  { title: 'Policy', cell: ({ policy }) => policy },
  { title: 'kg CO2', align: 'right', cell: ({ kilograms }) => kilograms.toFixed(1) },
  { title: 'Saved kg', align: 'right', cell: ({ savedKilograms }) => savedKilograms.toFixed(1) },
  { title: 'Saved', align: 'right', cell: ({ savedPercent }) => `${savedPercent.toFixed(1)} %` },
  { title: 'Of oracle', align: 'right', cell: ({ shareOfOracle: of }) => (of === null ? '-' : `${of.toFixed(1)} %`) },
  { title: 'Mean delay', align: 'right', cell: ({ meanDelayHours }) => `${meanDelayHours.toFixed(1)} h` },
  { title: 'p95 delay', align: 'right', cell: ({ p95DelayHours }) => `${p95DelayHours.toFixed(1)} h` },
  { title: 'Missed', align: 'right', cell: ({ deadlineMisses }) => String(deadlineMisses) },
  { title: 'Peak', align: 'right', cell: ({ peakConcurrency }) => String(peakConcurrency) },
];

/** `carbon simulate`: what waiting for clean hours would save, by policy, on a trace and a list of jobs. */
export function simulateCommand(env: Environment, io: Io): Command {
  return new Command('simulate')
    .description('What waiting would save: policies on a trace of the grid and a list of jobs')
    .option(
      '--trace <file>',
      'CSV, may be gzipped: ours, an Electricity Maps export, or the UK’s; default: 11 zones of 2021',
    )
    .option(
      '--jobs <file|distribution>',
      'CSV arrival,duration_hours,slack_hours,power_watts, or azure, alibaba, mustang',
      'alibaba',
    )
    .option('--policy <names>', `some of ${POLICY_NAMES.join(',')}`, 'now,threshold,forecast,oracle')
    .option('--zone <zones>', 'zones that jobs may run in; default: the first of the trace')
    .option('--count <n>', 'jobs to draw from a distribution', '10000')
    .option('--seed <n>', 'the same seed draws the same jobs and errors', '1')
    .option('--slack <hours>', 'how long drawn jobs may wait', '24')
    .option('--watts-per-core <watts>', 'power of a core of drawn jobs', '10')
    .option('--min-saving <percent>', 'the forecast policy runs at once for less', '5')
    .option('--threshold <percentile>', 'the threshold policy waits for this percentile of the last four weeks', '25')
    .option(
      '--errors <percents>',
      'relative errors of a distorted oracle, to show what forecast error costs',
      '10,20,40',
    )
    .option('--shadow', 'evaluate the decisions recorded on this cluster, against its own recorded grid')
    .option('--from <time>', 'with --shadow: from this time on (default: 30 days ago)')
    .option('--to <time>', 'with --shadow: before this time (default: now)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'carbon simulate --zone DE --jobs azure --policy now,threshold,forecast,revised,oracle',
        "carbon simulate --trace export.csv --jobs jobs.csv --json | jq '.results[] | {policy, savedPercent}'",
        'carbon simulate --shadow --from 2026-01-01T00:00:00Z',
      ),
    )
    .action((options: SimulateOptions) => run(options, env, io));
}

async function run(options: SimulateOptions, env: Environment, io: Io): Promise<void> {
  const seed = wholeOf('seed', options.seed, 0);
  if (options.shadow && options.trace !== undefined)
    throw new CalculatorError('bad-file', '--trace: --shadow takes the recorded grid of this cluster, not a trace');
  const input = options.shadow ? await recordedWorld(options, env, io) : tracedWorld(options, seed);
  const request = {
    world: worldOf(input.trace, input.zones, seed),
    jobs: input.jobs,
    policies: policiesOf(options.policy),
    errors: options.errors
      .split(',')
      .filter(Boolean)
      .map((text) => numberOf('errors', text, 0) / 100),
    settings: {
      minSavingPercent: numberOf('min-saving', options.minSaving, 0, 100),
      thresholdPercent: numberOf('threshold', options.threshold, 0, 100),
    },
  };
  const result = await withProgress(io, 'jobs', input.jobs.length, async (tick) => simulate(request, tick));
  if (options.json)
    io.out(`${JSON.stringify({ source: input.source, zones: input.zones, seed, ...result }, null, 2)}\n`);
  else io.out(textOf(input, result));
}

function textOf({ source, zones, trace }: SimulationInput, result: SimulationResult): string {
  const until = isoTime(trace.start + trace.hours * HOUR_MS).slice(0, 10);
  const left = result.notCovered > 0 ? `, ${result.notCovered} left out that the trace does not cover` : '';
  return `${result.jobs} jobs (${result.kilowattHours.toFixed(0)} kWh) in ${zones.join(', ')}, ${isoTime(trace.start).slice(0, 10)} to ${until}, ${source}${left}

${textTable(COLUMNS, result.results)}
Saved: against running at arrival in the cleanest zone of that hour that the job may run in. Of oracle: against knowing the future.
`;
}

function tracedWorld(options: SimulateOptions, seed: number): SimulationInput {
  const file = options.trace ?? BUILT_IN_TRACE;
  const trace = readTrace(file);
  const zones = options.zone
    ? options.zone.split(',').map((code) => knownZone(code, trace))
    : [...trace.zones.keys()].slice(0, 1);
  const jobs = jobsOf(options, trace, seed);
  return { trace, zones, jobs, source: options.trace ?? 'built-in trace of 2021' };
}

function jobsOf(options: SimulateOptions, trace: Trace, seed: number): readonly SimulatedJob[] {
  const known: Readonly<Record<string, JobDistribution>> = distributions.distributions;
  const distribution = Object.hasOwn(known, options.jobs) ? known[options.jobs] : undefined;
  if (distribution === undefined) {
    const jobs = attempt(options.jobs, () => parseJobs(readFileSync(options.jobs, 'utf8')));
    return jobs.sort((a, b) => a.arrival - b.arrival);
  }
  return drawJobs(distribution, {
    count: wholeOf('count', options.count, 1),
    seed,
    from: trace.start,
    to: trace.start + trace.hours * HOUR_MS,
    slackHours: numberOf('slack', options.slack, 0),
    wattsPerCore: numberOf('watts-per-core', options.wattsPerCore, 0),
  });
}

function readTrace(file: string): Trace {
  return attempt(file, () => {
    const bytes = readFileSync(file);
    return importTrace((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString());
  });
}

function attempt<Result>(file: string, read: () => Result): Result {
  if (!existsSync(file)) throw new CalculatorError('bad-file', `${file}: there is no such file`);
  try {
    return read();
  } catch (error) {
    throw new CalculatorError('bad-file', `${file}: ${(error as Error).message}`);
  }
}

function knownZone(code: string, trace: Trace): Zone {
  const wanted = attempted(() => zone(code));
  if (trace.zones.has(wanted)) return wanted;
  throw new CalculatorError(
    'unknown-region',
    `--zone: ${wanted} is not in the trace, which has ${[...trace.zones.keys()].join(', ')}`,
  );
}

function attempted<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new CalculatorError('unknown-region', (error as Error).message);
  }
}

function policiesOf(text: string): readonly PolicyName[] {
  return text.split(',').map((item) => {
    const found = POLICY_NAMES.find((name) => name === item.trim());
    if (found === undefined)
      throw new CalculatorError('bad-number', `--policy: "${item}" is none of ${POLICY_NAMES.join(', ')}`);
    return found;
  });
}

function wholeOf(name: string, text: string, least: number): number {
  const value = numberOf(name, text, least);
  if (Number.isInteger(value)) return value;
  throw new CalculatorError('bad-number', `--${name}: "${text}" is not a whole number`);
}

function numberOf(name: string, text: string, least: number, most = 1e9): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new CalculatorError('bad-number', `--${name}: "${text}" is not a number from ${least} to ${most}`);
}
