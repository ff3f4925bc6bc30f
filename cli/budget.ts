import { Command } from 'commander';
import { CalculatorError, nearest } from '../shared/calculator/error.ts';
import { BUDGET_PERIODS, type BudgetKey } from '../shared/records/workloads.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { burnDownColumns } from './budget-table.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { cliConfig } from './settings.ts';
import { budgetStandings } from './standings.ts';
import { withStore, withWorkloads } from './stores.ts';
import { textTable } from './table.ts';

interface KeyOptions {
  readonly namespace?: string;
  readonly service?: string;
  readonly per: string;
}

/** `carbon budget`: set, list and remove carbon budgets. */
export function budgetCommand(env: Environment, io: Io): Command {
  return new Command('budget')
    .description('Carbon budgets of namespaces and services, and how far they are used')
    .addCommand(
      keyed(new Command('set').description('Set or change a budget'))
        .requiredOption('--grams <g>', 'gCO2e per period, above 0')
        .addHelpText('after', examples('carbon budget set --namespace shop --grams 50000 --per month'))
        .action((options: KeyOptions & { grams: string }) => setBudget(options, env, io)),
    )
    .addCommand(
      new Command('list')
        .description('All budgets with their burn-down')
        .option('--json', 'print JSON')
        .addHelpText('after', examples('carbon budget list', "carbon budget list --json | jq '.[].used_share'"))
        .action((options: { json?: boolean }) => listBudgets(options, env, io)),
    )
    .addCommand(
      keyed(new Command('remove').description('Remove a budget'))
        .addHelpText('after', examples('carbon budget remove --namespace shop --per month'))
        .action((options: KeyOptions) => removeBudget(options, env, io)),
    )
    .addHelpText(
      'after',
      `
A namespace's use is the recorded energy of its containers at the intensity of their nodes' zones: what each node
told by its labels, else ZONE_MAP and DEFAULT_ZONE ("Zones by" says which). A service's use is what was saved of it.
The poller alerts once at 80 % and once at 100 %.
` +
        examples(
          'carbon budget set --namespace shop --grams 50000 --per month',
          'carbon budget set --service q2q-ai --grams 2000 --per week',
          'carbon budget list',
        ),
    );
}

function keyed(command: Command): Command {
  return command
    .option('--namespace <name>', 'budget of a Kubernetes namespace')
    .option('--service <name>', 'budget of a service')
    .option('--per <period>', BUDGET_PERIODS.join(', '), 'month');
}

async function setBudget(options: KeyOptions & { grams: string }, env: Environment, io: Io): Promise<void> {
  const key = keyOf(options);
  const grams = Number(options.grams);
  if (!(Number.isFinite(grams) && grams > 0))
    throw new CalculatorError('bad-number', `--grams must be a number above 0, not ${options.grams}`);
  await withWorkloads(cliConfig(env), (store) => store.setBudget({ ...key, grams }));
  io.talk(`${key.kind} ${key.name} may emit ${grams} gCO2e per ${key.per}.`);
}

async function removeBudget(options: KeyOptions, env: Environment, io: Io): Promise<void> {
  const key = keyOf(options);
  await withWorkloads(cliConfig(env), async (store) => {
    if (await store.removeBudget(key)) return io.talk('Removed.');
    const names = (await store.budgets()).map(({ kind, name, per }) => `${kind} ${name} per ${per}`);
    const close = nearest(`${key.kind} ${key.name} per ${key.per}`, names);
    throw new CalculatorError('no-data', `there is no such budget${close ? `; did you mean ${close}?` : ''}`);
  });
}

async function listBudgets({ json }: { json?: boolean }, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const standings = await withStore(config, (store) => budgetStandings(config, store, io.clock.now()));
  const rows = standings.map(({ standing }) => standing);
  if (json) return io.out(`${JSON.stringify(rows, null, 2)}\n`);
  if (rows.length === 0) return io.talk('No budget is set ("carbon budget set" does).');
  io.out(textTable(burnDownColumns, rows));
}

function keyOf({ namespace, service, per }: KeyOptions): BudgetKey {
  const period = BUDGET_PERIODS.find((name) => name === per);
  if (period === undefined)
    throw new CalculatorError(
      'bad-period',
      `"${per}" is no budget period; did you mean "${nearest(per, BUDGET_PERIODS)}"?`,
    );
  if (namespace && !service) return { kind: 'namespace', name: namespace, per: period };
  if (service && !namespace) return { kind: 'service', name: service, per: period };
  throw new CalculatorError('bad-file', 'a budget is of one --namespace or of one --service');
}
