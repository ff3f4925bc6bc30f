import { Command } from 'commander';
import { type Saving, type SavingsTotal, savingsTotals } from '../shared/emissions/savings.ts';
import { savingsLedger } from '../shared/emissions/savings-ledger.ts';
import { isoTime } from '../shared/grid/units.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { rangeOf } from './recorded-world.ts';
import { cliConfig } from './settings.ts';
import { recordedDecisions, withStore } from './stores.ts';
import { type Column, textTable } from './table.ts';

interface SavingsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly verify?: boolean;
  readonly pods?: boolean;
  readonly json?: boolean;
}

/** Rollup and raw rows may differ by this share: the rollup does not know when within an hour energy was used. */
const TOLERATED = 0.02;

const COLUMNS: readonly Column<SavingsTotal>[] = [
  { title: 'Against', cell: ({ baseline }) => baseline },
  { title: 'Pods', align: 'right', cell: ({ pods }) => String(pods) },
  { title: 'Negative', align: 'right', cell: ({ negative }) => String(negative) },
  { title: 'kWh', align: 'right', cell: ({ kilowattHours }) => kilowattHours.toFixed(3) },
  { title: 'g met', align: 'right', cell: ({ met }) => met.toFixed(1) },
  { title: 'g saved', align: 'right', cell: ({ saved }) => saved.toFixed(1) },
  { title: 'Saved', align: 'right', cell: ({ savedPercent: of }) => (of === null ? '-' : `${of.toFixed(1)} %`) },
  { title: 'Coverage', align: 'right', cell: ({ coverage }) => percent(coverage) },
  { title: 'Quality', cell: ({ qualities }) => qualities.join(' + ') },
];

const POD_COLUMNS: readonly Column<Saving>[] = [
  { title: 'Pod', cell: ({ namespace, pod }) => `${namespace}/${pod}` },
  { title: 'Zone', cell: ({ zone }) => zone },
  { title: 'Against', cell: ({ baseline }) => baseline },
  { title: 'kWh', align: 'right', cell: ({ kilowattHours }) => kilowattHours.toFixed(3) },
  { title: 'g met', align: 'right', cell: ({ met }) => met.toFixed(1) },
  { title: 'g saved', align: 'right', cell: ({ saved }) => saved.toFixed(1) },
  { title: 'Coverage', align: 'right', cell: ({ coverage }) => percent(coverage) },
  { title: 'Quality', cell: ({ qualities }) => qualities.join(' + ') },
];

/** `carbon savings`: what placement and waiting saved, from measured energy. */
export function savingsCommand(env: Environment, io: Io): Command {
  return new Command('savings')
    .description(
      'What placed and deferred pods saved: measured energy × (intensity they would have met − that they met)',
    )
    .option('--from <time>', 'pods bound from this time on (default: 30 days ago)')
    .option('--to <time>', 'pods bound, and energy used, before this time (default: now)')
    .option('--verify', 'recompute from the raw samples and compare; exit code 1 when they differ')
    .option('--pods', 'print every pod too, in the order of their binding')
    .option('--json', 'print JSON, pod by pod')
    .addHelpText(
      'after',
      `
Baselines: arrival = the same energy in the same zone, as much earlier as the pod or its Job waited; candidates-mean = at the
same time in the mean of the zones of the nodes that it could have gone to, hour by hour. A pod may be in both; they are
never added up.
${examples('carbon savings --from 2026-01-01 --to 2026-02-01 --verify', "carbon savings --json | jq '.totals'")}`,
    )
    .action((options: SavingsOptions) => show(options, env, io));
}

async function show(options: SavingsOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const range = rangeOf(options, io.clock.now());
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
    io.out(`${decisions.length} decisions from ${span.from} to ${span.to}\n\n${textTable(COLUMNS, totals)}`);
    if (options.pods && pods.length > 0) io.out(`\n${textTable(POD_COLUMNS, pods)}`);
    for (const { baseline, recomputed, agrees } of verified ?? [])
      io.out(
        `${baseline}: ${recomputed.toFixed(1)} g saved by the raw samples, ${agrees ? 'as above' : 'NOT as above'}\n`,
      );
    if (totals.length === 0)
      io.talk('Nothing to count: no decision of that time has measured power and known intensities.');
  }
  if (verified?.some(({ agrees }) => !agrees)) process.exitCode = EXIT.failed;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(0)} %`;
}

function compare(totals: readonly SavingsTotal[], raw: readonly SavingsTotal[]) {
  return totals.map(({ baseline, saved, met }) => {
    const other = raw.find((total) => total.baseline === baseline);
    const recomputed = other?.saved ?? 0;
    return { baseline, recomputed, agrees: Math.abs(recomputed - saved) <= TOLERATED * Math.max(met, Math.abs(saved)) };
  });
}
