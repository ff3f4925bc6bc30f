import { Command } from 'commander';
import { HOUR_MS, isoTime } from '../shared/grid/units.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { POLICY_NAMES } from '../shared/simulation/policies.ts';
import { type PolicyResult, type SimulationResult, simulate } from '../shared/simulation/simulate.ts';
import { worldOf } from '../shared/simulation/world.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice, parseNumber } from './options.ts';
import { withProgress } from './progress.ts';
import { recordedWorld } from './recorded-world.ts';
import { type SimulationInput, type TraceOptions, traceInput } from './simulation-input.ts';
import { type Column, counted, textTable } from './table.ts';

interface SimulateOptions extends TraceOptions {
  readonly policy: string;
  readonly seed: string;
  readonly minSaving?: string;
  readonly threshold: string;
  readonly errors: string;
  readonly shadow?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

const COLUMNS: readonly Column<PolicyResult>[] = [
  { title: 'Policy', cell: ({ policy }) => policy },
  { title: 'kg CO2', align: 'right', cell: ({ kilograms: kg }) => shown(kg) },
  { title: 'Saved kg', align: 'right', cell: ({ savedKilograms: kg }) => shown(kg) },
  { title: 'Saved', align: 'right', cell: ({ savedPercent }) => `${savedPercent.toFixed(1)} %` },
  {
    title: 'Of oracle',
    align: 'right',
    cell: ({ shareOfOracle: share }) => (share === null ? '-' : `${share.toFixed(1)} %`),
  },
  { title: 'Mean delay', align: 'right', cell: ({ meanDelayHours }) => `${meanDelayHours.toFixed(1)} h` },
  { title: 'p95 delay', align: 'right', cell: ({ p95DelayHours }) => `${p95DelayHours.toFixed(1)} h` },
  { title: 'Missed', align: 'right', cell: ({ deadlineMisses }) => String(deadlineMisses) },
  { title: 'Peak', align: 'right', cell: ({ peakConcurrency }) => String(peakConcurrency) },
];

const MARGINAL: Column<PolicyResult> = {
  title: 'Saved kg (marginal)',
  align: 'right',
  cell: ({ marginal }) =>
    marginal === null ? '-' : `${marginal.savedKilograms > 0 ? '+' : ''}${shown(marginal.savedKilograms)}`,
};

/** `carbon simulate`: emissions that waiting for clean hours would save, by policy, on a trace and a list of jobs. */
export function simulateCommand(env: Environment, io: Io): Command {
  return new Command('simulate')
    .description('Simulate how much each waiting policy would save on a carbon-intensity trace and a list of jobs')
    .option(
      '--trace <file>',
      'CSV, optionally gzipped: our format, an Electricity Maps export, or the UK’s; default: 11 zones of 2021',
    )
    .option(
      '--marginal-trace <file>',
      'the same with marginal intensities: shows the savings by them, too; no policy uses them',
    )
    .option(
      '--jobs <file|distribution>',
      'CSV arrival,duration_hours,slack_hours,power_watts, or one of azure, alibaba, mustang',
      'alibaba',
    )
    .option(
      '--policy <names>',
      `comma-separated: ${POLICY_NAMES.join(',')}`,
      'now,night,usual-hour,threshold,revised,oracle',
    )
    .option('--zone <zones>', 'zones that jobs may run in; default: the first of the trace')
    .option('--count <n>', 'number of jobs to draw from a distribution', '10000')
    .option('--seed <n>', 'random seed; the same seed draws the same jobs and errors', '1')
    .option('--slack <hours>', 'longest wait of drawn jobs', '24')
    .option('--watts-per-core <watts>', 'power per core of drawn jobs', '10')
    .option(
      '--min-saving <percent>',
      'forecast and revised do not plan a wait that saves less (default: as the controller, 0.5 or less in quiet zones)',
    )
    .option('--threshold <percentile>', 'the threshold policy waits for this percentile of the last four weeks', '25')
    .option('--errors <percents>', 'relative forecast errors to simulate, to show what they cost', '10,20,40')
    .option('--shadow', 'evaluate the decisions recorded on this cluster against its recorded carbon intensity')
    .option('--from <time>', 'with --shadow: start (default: 30 days ago)')
    .option('--to <time>', 'with --shadow: end, excluded (default: now)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
With --shadow: ${API_HELP}
${examples(
  'carbon simulate --zone DE --jobs azure --policy now,threshold,forecast,revised,oracle',
  "carbon simulate --trace export.csv --jobs jobs.csv --json | jq '.results[] | {policy, savedPercent}'",
  'carbon simulate --shadow --from 2026-01-01T00:00:00Z',
)}`,
    )
    .action((options: SimulateOptions) => run(options, env, io));
}

async function run(options: SimulateOptions, env: Environment, io: Io): Promise<void> {
  const seed = parseNumber('--seed', options.seed, { least: 0, whole: true });
  for (const [given, name] of [
    [options.trace, '--trace'],
    [options.marginalTrace, '--marginal-trace'],
  ])
    if (options.shadow && given !== undefined)
      throw cliError('OPTIONS_CONFLICT', {
        options: `--shadow and ${name}`,
        hint: '--shadow uses the recorded carbon intensity of this cluster',
      });
  const input = options.shadow ? await recordedWorld(options, env, io) : traceInput(options, seed);
  const request = {
    world: worldOf(input.trace, input.zones, seed, input.marginal),
    jobs: input.jobs,
    policies: options.policy.split(',').map((name) => parseChoice('--policy', name, POLICY_NAMES)),
    errors: options.errors
      .split(',')
      .filter(Boolean)
      .map((text) => parseNumber('--errors', text, { least: 0, most: 1e9 }) / 100),
    settings: {
      ...(options.minSaving !== undefined && {
        minSavingPercent: parseNumber('--min-saving', options.minSaving, { least: 0, most: 100 }),
      }),
      thresholdPercent: parseNumber('--threshold', options.threshold, { least: 0, most: 100 }),
    },
  };
  const result = await withProgress(io, 'jobs', input.jobs.length, async (tick) => simulate(request, tick));
  if (options.json)
    io.out(`${JSON.stringify({ source: input.source, zones: input.zones, seed, ...result }, null, 2)}\n`);
  else io.out(textOf(input, result));
}

function textOf({ source, zones, trace }: SimulationInput, result: SimulationResult): string {
  const until = isoTime(trace.start + trace.hours * HOUR_MS).slice(0, 10);
  const isMarginal = result.results.some(({ marginal }) => marginal !== null);
  const left = result.notCovered > 0 ? `, ${result.notCovered} skipped because the trace does not cover them` : '';
  return `${counted(result.jobs, 'job')} (${result.kilowattHours.toFixed(0)} kWh) in ${zones.join(', ')}, ${isoTime(trace.start).slice(0, 10)} to ${until}, ${source}${left}

${textTable(isMarginal ? COLUMNS.toSpliced(4, 0, MARGINAL) : COLUMNS, result.results)}
Saved: compared with running on arrival in the zone that is cleanest in that hour. Of oracle: compared with perfect foresight.
${isMarginal ? marginalNote(result) : ''}`;
}

function marginalNote({ jobs, results }: SimulationResult): string {
  const known = Math.min(...results.map(({ marginal }) => marginal?.jobs ?? 0));
  return `Marginal: the same choices with marginal intensities, for at least ${known} of ${counted(jobs, 'job')}; planned by average ones. Never added up.\n`;
}

/** Kilograms; small ones to the gram. */
function shown(kilograms: number): string {
  return kilograms.toFixed(Math.abs(kilograms) < 10 ? 3 : 1);
}
