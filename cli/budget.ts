import { Command } from 'commander';
import type { BurnDown } from '../shared/calculator/budget.ts';
import { nearest } from '../shared/grid/nearest.ts';
import { BUDGET_PERIODS, type BudgetKey } from '../shared/records/workloads.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { apiClient } from './api-client.ts';
import { budgetsFromApi } from './api-reports.ts';
import { burnDownColumns } from './budget-table.ts';
import { budgetUsages } from './budget-usage.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice, parseNumber } from './options.ts';
import { cliConfig } from './settings.ts';
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
    .description('Set, list and remove carbon budgets of namespaces and services')
    .addCommand(
      keyed(new Command('set').description('Set or change a budget'))
        .requiredOption('--grams <g>', 'gCO2e per period, above 0')
        .addHelpText('after', examples('carbon budget set --namespace shop --grams 50000 --per month'))
        .action((options: KeyOptions & { grams: string }) => setBudget(options, env, io)),
    )
    .addCommand(
      new Command('list')
        .description('List all budgets with their burn-down')
        .option('--json', 'print JSON')
        .addHelpText(
          'after',
          `\n${API_HELP}\n${examples('carbon budget list', "carbon budget list --json | jq '.[].used_share'")}`,
        )
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
Usage of a namespace is the recorded energy of its containers times the carbon intensity of their nodes' zones. Zones
come from node labels, or from ZONE_MAP and DEFAULT_ZONE for nodes without them (column "Zones from"). Usage of a
service is what was saved with "carbon calculate --save". The poller alerts once at 80 % and once at 100 %.
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
  const grams = parseNumber('--grams', options.grams, { above: 0 });
  await withWorkloads(cliConfig(env), (store) => store.setBudget({ ...key, grams }));
  io.note(`Budget set: ${key.kind} ${key.name}, ${grams} gCO2e per ${key.per}.`);
}

async function removeBudget(options: KeyOptions, env: Environment, io: Io): Promise<void> {
  const key = keyOf(options);
  await withWorkloads(cliConfig(env), async (store) => {
    if (await store.removeBudget(key)) return io.note(`Budget removed: ${key.kind} ${key.name} per ${key.per}.`);
    const names = (await store.budgets()).map(({ kind, name, per }) => `${kind} ${name} per ${per}`);
    const close = nearest(`${key.kind} ${key.name} per ${key.per}`, names);
    throw cliError('BUDGET_NOT_FOUND', { ...key, suggestion: close ? `; did you mean ${close}?` : '' });
  });
}

async function listBudgets({ json }: { json?: boolean }, env: Environment, io: Io): Promise<void> {
  const api = apiClient(env);
  const rows = await (api ? budgetsFromApi(api) : budgetsFromStore(env, io.clock.now()));
  if (json) return io.out(`${JSON.stringify(rows, null, 2)}\n`);
  if (rows.length === 0) return io.note('No budgets are set. Set one with "carbon budget set".');
  io.out(textTable(burnDownColumns, rows));
}

async function budgetsFromStore(env: Environment, now: number): Promise<readonly BurnDown[]> {
  const config = cliConfig(env);
  const usages = await withStore(config, (store) => budgetUsages(config, store, now));
  return usages.map(({ standing }) => standing);
}

function keyOf({ namespace, service, per }: KeyOptions): BudgetKey {
  const period = parseChoice('--per', per, BUDGET_PERIODS);
  if (namespace && !service) return { kind: 'namespace', name: namespace, per: period };
  if (service && !namespace) return { kind: 'service', name: service, per: period };
  throw cliError('BUDGET_OWNER_INVALID', {});
}
