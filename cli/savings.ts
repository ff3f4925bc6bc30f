import { Command } from 'commander';
import { type Saving, type SavingsTotal, savingsTotals } from '../shared/emissions/savings.ts';
import { savingsLedger } from '../shared/emissions/savings-ledger.ts';
import { isoTime } from '../shared/grid/units.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { apiClient } from './api-client.ts';
import { savingsFromApi } from './api-reports.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseTimeRange } from './options.ts';
import { cliConfig } from './settings.ts';
import { recordedDecisions, withStore } from './stores.ts';
import { type Column, counted, textTable } from './table.ts';

interface SavingsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly verify?: boolean;
  readonly pods?: boolean;
  readonly json?: boolean;
}

/** Relative difference allowed between rollup and raw samples: the rollup has no resolution within an hour. */
const TOLERANCE = 0.02;

const COLUMNS: readonly Column<SavingsTotal>[] = [
  { title: 'Baseline', cell: ({ baseline }) => baseline },
  { title: 'Pods', align: 'right', cell: ({ pods }) => String(pods) },
  { title: 'Negative', align: 'right', cell: ({ negative }) => String(negative) },
  { title: 'kWh', align: 'right', cell: ({ kilowattHours }) => kilowattHours.toFixed(3) },
  { title: 'g emitted', align: 'right', cell: ({ met }) => met.toFixed(1) },
  { title: 'g saved', align: 'right', cell: ({ saved }) => saved.toFixed(1) },
  { title: 'Saved', align: 'right', cell: ({ savedPercent: of }) => (of === null ? '-' : `${of.toFixed(1)} %`) },
  { title: 'g possible', align: 'right', cell: ({ possible }) => possible.toFixed(1) },
  { title: 'Coverage', align: 'right', cell: ({ coverage }) => percent(coverage) },
  { title: 'Quality', cell: ({ qualities }) => qualities.join(' + ') },
];

const POD_COLUMNS: readonly Column<Saving>[] = [
  { title: 'Pod', cell: ({ namespace, pod }) => `${namespace}/${pod}` },
  { title: 'Zone', cell: ({ zone }) => zone },
  { title: 'Baseline', cell: ({ baseline }) => baseline },
  { title: 'kWh', align: 'right', cell: ({ kilowattHours }) => kilowattHours.toFixed(3) },
  { title: 'g emitted', align: 'right', cell: ({ met }) => met.toFixed(1) },
  { title: 'g saved', align: 'right', cell: ({ saved }) => saved.toFixed(1) },
  { title: 'Coverage', align: 'right', cell: ({ coverage }) => percent(coverage) },
  { title: 'Quality', cell: ({ qualities }) => qualities.join(' + ') },
];

const MARGINAL_TOTAL: Column<SavingsTotal> = {
  title: 'g saved (marginal)',
  align: 'right',
  cell: ({ marginal }) => signed(marginal),
};
const MARGINAL: Column<Saving> = {
  title: 'g saved (marginal)',
  align: 'right',
  cell: ({ marginal }) => signed(marginal),
};

/** `carbon savings`: grams saved by placement and waiting, from measured energy. */
export function savingsCommand(env: Environment, io: Io): Command {
  return new Command('savings')
    .description('Show what placement and waiting saved: measured energy × (baseline intensity − actual intensity)')
    .option('--from <time>', 'pods bound from this time on (default: 30 days ago)')
    .option('--to <time>', 'pods bound, and energy used, before this time (default: now)')
    .option('--verify', 'recompute from raw samples and compare; exit code 1 when the results differ')
    .option('--pods', 'also print every pod, in the order of binding')
    .option('--json', 'print JSON, including every pod')
    .addHelpText(
      'after',
      `
${API_HELP}
Possible: what each pod would have saved in hindsight, with the cleanest start within its slack or in its cleanest candidate zone.
Savings are attributional differences to a baseline, with average intensities; where marginal intensities are known for the
hours, the difference with them is shown, too, with its sign.

Baselines: "arrival" is the same energy in the same zone, started when the pod or its Job arrived; "candidates-mean" is
the same energy at the same time, at the mean intensity of the zones of all candidate nodes, hour by hour. A pod may
count in both; the two are never added up.
${examples('carbon savings --from 2026-01-01 --to 2026-02-01 --verify', "carbon savings --json | jq '.totals'")}`,
    )
    .action((options: SavingsOptions) => show(options, env, io));
}

async function show(options: SavingsOptions, env: Environment, io: Io): Promise<void> {
  const api = apiClient(env);
  if (api === undefined) return showRecorded(options, env, io);
  if (options.verify || options.pods)
    throw cliError('OPTIONS_CONFLICT', {
      options: 'CARBON_API and --verify or --pods',
      hint: 'both read the store itself; unset CARBON_API',
    });
  const range = parseTimeRange(options, io.clock.now());
  const { decisions, totals } = await savingsFromApi(api, range);
  const span = { from: isoTime(range.from), to: isoTime(range.to), decisions };
  if (options.json) return io.out(`${JSON.stringify({ ...span, totals }, null, 2)}\n`);
  io.out(
    `${counted(decisions, 'decision')} from ${span.from} to ${span.to}\n\n${textTable(columnsOf(totals), totals)}`,
  );
}

async function showRecorded(options: SavingsOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const range = parseTimeRange(options, io.clock.now());
  const [decisions, pods, raw] = await withStore(config, async (store) => {
    const found = await recordedDecisions(store, range);
    const ledger = (source: 'rollup' | 'raw') => savingsLedger(store.history, found, range, source);
    return [found, await ledger('rollup'), options.verify ? await ledger('raw') : undefined];
  });
  const totals = savingsTotals(pods);
  const verified = raw && compare(totals, savingsTotals(raw));
  const span = { from: isoTime(range.from), to: isoTime(range.to), decisions: decisions.length };
  if (options.json) io.out(`${JSON.stringify({ ...span, totals, ...(verified && { verified }), pods }, null, 2)}\n`);
  else {
    io.out(
      `${counted(decisions.length, 'decision')} from ${span.from} to ${span.to}\n\n${textTable(columnsOf(totals), totals)}`,
    );
    if (options.pods && pods.length > 0)
      io.out(`\n${textTable(pods.some(({ marginal }) => marginal) ? [...POD_COLUMNS, MARGINAL] : POD_COLUMNS, pods)}`);
    for (const { baseline, recomputed, agrees } of verified ?? [])
      io.out(
        `${baseline}: ${recomputed.toFixed(1)} g saved according to the raw samples, ${agrees ? 'which matches' : 'which does NOT match'}\n`,
      );
    if (totals.length === 0)
      io.note(
        'No savings to report: no placement decision of this period has both measured power and known intensities.',
      );
  }
  if (verified?.some(({ agrees }) => !agrees)) process.exitCode = EXIT.failed;
}

function columnsOf(totals: readonly SavingsTotal[]): readonly Column<SavingsTotal>[] {
  return totals.some(({ marginal }) => marginal) ? [...COLUMNS, MARGINAL_TOTAL] : COLUMNS;
}

function signed(marginal: { readonly saved: number } | null): string {
  if (marginal === null) return '-';
  return `${marginal.saved > 0 ? '+' : ''}${marginal.saved.toFixed(1)}`;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(0)} %`;
}

function compare(totals: readonly SavingsTotal[], raw: readonly SavingsTotal[]) {
  return totals.map(({ baseline, saved, met }) => {
    const other = raw.find((total) => total.baseline === baseline);
    const recomputed = other?.saved ?? 0;
    return { baseline, recomputed, agrees: Math.abs(recomputed - saved) <= TOLERANCE * Math.max(met, Math.abs(saved)) };
  });
}
