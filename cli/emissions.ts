import { Command } from 'commander';
import { placeRegion } from '../shared/calculator/region.ts';
import { reportedElse } from '../shared/grid/zone-of-node.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { parseWindow, WINDOW_FORMS } from '../shared/records/time-window.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { contractsOf } from '../shared/runtime/contracts-file.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import { apiClient } from './api-client.ts';
import { EMISSION_GROUPS, type EmissionRow, type EmissionsRead, rowsFromApi, rowsFromStore } from './emission-rows.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice, parseNumber } from './options.ts';
import { percent } from './result-text.ts';
import { cliConfig } from './settings.ts';
import { withStore } from './stores.ts';
import { type Column, csvTable, textTable } from './table.ts';

const FORMATS = ['table', 'csv', 'json'] as const;

interface EmissionsOptions {
  readonly by: string;
  readonly window: string;
  readonly zone?: string;
  readonly namespace?: string;
  readonly limit: string;
  readonly format: string;
}

const COLUMNS: readonly Column<EmissionRow>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'kWh', align: 'right', cell: ({ kwh }) => shown(kwh, 4) },
  { title: 'gCO2e', align: 'right', cell: ({ grams }) => shown(grams, 2) },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => shown(row.intensity_g_per_kwh, 1) },
  { title: 'kWh without intensity', align: 'right', cell: ({ unpriced_kwh: kwh }) => (kwh ? shown(kwh, 4) : '') },
];

const MARKET_COLUMNS: readonly Column<EmissionRow>[] = [
  { title: 'Market gCO2e', align: 'right', cell: (row) => shown(row.market_grams ?? null, 2) },
  { title: 'Matched', align: 'right', cell: ({ matched_share: part }) => (part == null ? '-' : percent(part)) },
  { title: 'Rest by', cell: (row) => row.market_basis ?? '' },
];

const WHAT_IF_COLUMNS: readonly Column<EmissionRow>[] = [
  { title: 'Difference g', align: 'right', cell: (row) => signed(row.difference_grams) },
  { title: 'Difference g (marginal)', align: 'right', cell: (row) => signed(row.marginal_difference_grams) },
];

const FIELDS = ['kwh', 'grams', 'intensity_g_per_kwh', 'unpriced_kwh', 'gpu_joules'] as const;
const MARKET_FIELDS = ['market_grams', 'market_unknown_kwh', 'matched_kwh', 'matched_share', 'market_basis'] as const;
const WHAT_IF_FIELDS = [
  'difference_grams',
  'difference_kwh',
  'marginal_difference_grams',
  'marginal_difference_kwh',
] as const;

/** `carbon emissions`: recorded energy and emissions of what ran, largest emitters first. */
export function emissionsCommand(env: Environment, io: Io): Command {
  return new Command('emissions')
    .description('Show energy and emissions of containers by namespace, workload, pod, container or node')
    .option('--by <group>', EMISSION_GROUPS.join(', '), 'namespace')
    .option('--window <window>', '24h, 7d, today, lastmonth, or FROM,TO (UTC)', '24h')
    .option(
      '--zone <zone>',
      'price everything with this grid zone instead of the zones of the nodes, with the difference',
    )
    .option('--namespace <name>', 'only this namespace')
    .option('--limit <n>', 'number of rows', '20')
    .option('--format <format>', FORMATS.join(', '), 'table')
    .addHelpText(
      'after',
      `
${API_HELP}
${examples(
  'carbon emissions --by workload --window 7d',
  'carbon emissions --by pod --namespace shop --zone FR',
  "CARBON_API=http://localhost:5001 carbon emissions --format json | jq '.[0]'",
)}`,
    )
    .action((options: EmissionsOptions) => show(options, env, io));
}

async function show(options: EmissionsOptions, env: Environment, io: Io): Promise<void> {
  const format = parseChoice('--format', options.format, FORMATS);
  const limit = parseNumber('--limit', options.limit, { least: 1, most: 1_000_000, whole: true });
  const read: EmissionsRead = {
    by: parseChoice('--by', options.by, EMISSION_GROUPS),
    window: options.window,
    range: rangeOf(options.window, io.clock.now()),
    zone: options.zone === undefined ? undefined : placeRegion(options.zone).zone,
    namespace: options.namespace,
  };
  const rows = (await load(read, env)).sort((a, b) => (b.grams ?? -1) - (a.grams ?? -1) || (b.kwh ?? 0) - (a.kwh ?? 0));
  if (rows.length === 0)
    throw cliError('NO_RECORDS', { message: `no energy is recorded in the window ${options.window}` });
  const page = rows.slice(0, limit);
  if (format === 'json') return io.out(`${JSON.stringify(page, null, 2)}\n`);
  if (format === 'csv') return io.out(csvOf(page, read));
  const market = page.some(hasMarket) ? MARKET_COLUMNS : [];
  io.out(textTable([...COLUMNS, ...market, ...(read.zone === undefined ? [] : WHAT_IF_COLUMNS)], page));
  if (rows.length > limit) io.note(`${rows.length - limit} more rows; see --limit`);
}

function rangeOf(window: string, now: number): TimeRange {
  const range = parseWindow(window, now);
  if (range === undefined) throw cliError('WINDOW_INVALID', { value: window, forms: WINDOW_FORMS });
  return range;
}

function load(read: EmissionsRead, env: Environment): Promise<EmissionRow[]> {
  const api = apiClient(env);
  if (api !== undefined) return rowsFromApi(api, read);
  const config = cliConfig(env);
  return withStore(config, async ({ history, nodeZones }) => {
    const published = await nodeZones.nodeZones();
    const zoneOfNode = reportedElse((node) => published.get(node), zoneByName(config));
    return rowsFromStore({ store: history, zoneOfNode, contracts: contractsOf(config.CONTRACTS_FILE) }, read);
  });
}

function csvOf(rows: readonly EmissionRow[], { by, zone }: EmissionsRead): string {
  const fields = [
    ...FIELDS,
    ...(rows.some(hasMarket) ? MARKET_FIELDS : []),
    ...(zone === undefined ? [] : WHAT_IF_FIELDS),
  ];
  return csvTable(
    [by, ...fields],
    rows.map((row) => [row.name, ...fields.map((field) => row[field] ?? null)]),
  );
}

function hasMarket({ market_grams: grams }: EmissionRow): boolean {
  return grams !== undefined;
}

/** A difference with its sign. */
function signed(value: number | null | undefined): string {
  return value == null ? '-' : `${value > 0 ? '+' : ''}${value.toFixed(2)}`;
}

function shown(value: number | null, decimals: number): string {
  return value === null ? '-' : value.toFixed(decimals);
}
