import { Command } from 'commander';
import { type NodePowerRow, nodePowerRows } from '../shared/emissions/node-power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { apiClient } from './api-client.ts';
import { nodePowerFromApi } from './api-recorded.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { cliConfig } from './settings.ts';
import { withHistory } from './stores.ts';
import { type Column, textTable } from './table.ts';

const COLUMNS: readonly Column<NodePowerRow>[] = [
  { title: 'Node', cell: ({ node }) => node || '(not named)' },
  { title: 'Quality', cell: ({ quality }) => quality },
  { title: 'Model', cell: ({ model }) => model ?? '-' },
  {
    title: 'Calibration',
    cell: ({ calibration }) =>
      calibration === null
        ? '-'
        : `${calibration.factor} (${calibration.low} to ${calibration.high}) by ${calibration.source}, ${calibration.age_hours} h ago`,
  },
  { title: 'Containers', align: 'right', cell: ({ containers }) => String(containers) },
  { title: 'Watts', align: 'right', cell: ({ watts }) => figure(watts) },
  {
    title: '80 % within',
    align: 'right',
    cell: ({ model, watts_low, watts_high }) =>
      model === null ? '-' : `${figure(watts_low)} to ${figure(watts_high)}`,
  },
  { title: 'Idle', align: 'right', cell: ({ idle_share }) => percent(idle_share) },
  { title: 'System', align: 'right', cell: ({ system_share }) => percent(system_share) },
  { title: 'Unmetered', align: 'right', cell: ({ unmetered_share }) => percent(unmetered_share) },
  { title: 'Last (UTC)', cell: ({ last_measurement }) => last_measurement.slice(0, 16).replace('T', ' ') },
];

/** `carbon power`: what is known of the power of each node, and how well. */
export function powerCommand(env: Environment, io: Io): Command {
  return new Command('power')
    .description('Show how the power of each node is known: measured or modelled, by which model, within which bounds')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Watts are the mean of the last two hours, idle energy and processes outside containers included.
${API_HELP}
${examples('carbon power', `carbon power --json | jq '.[] | select(.quality == "modelled")'`)}`,
    )
    .action(async ({ json }: { readonly json?: boolean }) => {
      const api = apiClient(env);
      const rows = api
        ? await nodePowerFromApi(api)
        : await withHistory(cliConfig(env), (history) => nodePowerRows(history, io.clock.now()));
      if (rows.length === 0) throw cliError('NO_NODE_POWER', {});
      io.out(json ? `${JSON.stringify(rows, null, 2)}\n` : textTable(COLUMNS, rows));
    });
}

function figure(watts: number | null): string {
  return watts === null ? '-' : watts.toFixed(1);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(0)} %`;
}
