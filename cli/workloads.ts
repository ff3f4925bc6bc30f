import { Command } from 'commander';
import { type Recorded, recordWorkloads } from '../shared/calculator/recorded/workloads.ts';
import { type WorkloadInput, workloadInput } from '../shared/calculator/workload.ts';
import { csvNumber } from '../shared/grid/csv-lines.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { knownProfiles } from '../shared/runtime/services-file.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { withProgress } from './progress.ts';
import { cliConfig } from './settings.ts';
import { withHistory, withWorkloads } from './stores.ts';
import { readCsv } from './usage-file.ts';

interface ImportOptions {
  readonly yearlyAverage?: boolean;
  readonly services?: string;
  readonly json?: boolean;
}

const REQUIRED = ['service_name', 'region', 'period_start', 'period_end', 'request_count'];
const OPTIONAL = ['total_kWh', 'total_gCO2e'];

/** Number of issues that are listed; further ones are only counted. */
const MAX_ISSUES = 20;

/** `carbon workloads import`: imports records from a CSV file. */
export function workloadsCommand(env: Environment, io: Io): Command {
  const command = new Command('workloads')
    .description('Import saved emissions of services')
    .addHelpText('after', examples('carbon workloads import october.csv'));
  return command.addCommand(
    new Command('import')
      .description('Calculate and save every line of a CSV file, or none if any line is invalid')
      .argument('<file>', `CSV with a header: ${REQUIRED.join(',')}[,${OPTIONAL.join(',')}]`)
      .option('--yearly-average', 'use the yearly average for periods without history')
      .option('--services <file>', 'YAML or JSON file of energy profiles (SERVICES_FILE)')
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        `
Importing the same file again changes nothing: a line replaces the saved record of its service, region and period.
${examples('carbon workloads import october.csv')}`,
      )
      .action((file: string, options: ImportOptions) => importFile(file, options, env, io)),
  );
}

async function importFile(file: string, options: ImportOptions, env: Environment, io: Io): Promise<void> {
  const config = cliConfig(env);
  const rows = read(file, options.yearlyAverage ?? false);
  const inputs = rows.map(({ input }) => input);
  const profiles = knownProfiles(options.services ?? config.SERVICES_FILE);
  const recorded = await withHistory(config, (history) =>
    withProgress(io, 'calculating', inputs.length, (tick) =>
      recordWorkloads(inputs, profiles, history, { onProgress: tick, nameOf: (index) => `line ${rows[index]?.line}` }),
    ),
  );
  const records = recordsOf(recorded, rows, file);
  const saved = await withWorkloads(config, (store) => store.saveWorkloads(records));
  io.out(options.json ? `${JSON.stringify(saved)}\n` : `${saved.created} saved, ${saved.updated} replaced\n`);
}

/** A record to be calculated, and the line of the file that it was read from. */
interface InputRow {
  readonly line: number;
  readonly input: WorkloadInput;
}

function recordsOf(recorded: Recorded, rows: readonly InputRow[], file: string) {
  if (recorded.kind === 'records') return recorded.records;
  throw importError(
    file,
    recorded.issues.map(({ index, message }) => `line ${rows[index]?.line}: ${message}`),
  );
}

function read(file: string, yearly: boolean): InputRow[] {
  const inputs: InputRow[] = [];
  const issues: string[] = [];
  for (const { line, fields } of readCsv(file, REQUIRED, OPTIONAL)) {
    const wrong = numberIssues(fields);
    if (wrong.length > 0) {
      issues.push(...wrong.map((issue) => `line ${line}: ${issue}`));
      continue;
    }
    const parsed = workloadInput.safeParse({ ...fieldsOf(fields), ...(yearly && { yearly_average: true }) });
    if (parsed.success) inputs.push({ line, input: parsed.data });
    else issues.push(...parsed.error.issues.map(({ path, message }) => `line ${line}: ${path.join('.')} ${message}`));
  }
  if (issues.length > 0) throw importError(file, issues);
  return inputs;
}

const NUMBERS = ['request_count', ...OPTIONAL];

/** What of a row is not a number although it should be: a spreadsheet may have written thousands separators. */
function numberIssues(row: Readonly<Record<string, string>>): string[] {
  // A number below 0 is a number: the calculation refuses it, together with what else is invalid.
  const isNumber = (cell: string) => csvNumber(cell.trim().replace(/^-/, '')) !== undefined;
  const wrong = NUMBERS.filter((name) => row[name] && !isNumber(row[name]));
  return wrong.map((name) => `${name} "${row[name]}" is not a number; write it without thousands separators and units`);
}

function fieldsOf(row: Readonly<Record<string, string>>): Record<string, unknown> {
  const given = Object.entries(row).filter(([, value]) => value !== '');
  return Object.fromEntries(given.map(([name, value]) => [name, NUMBERS.includes(name) ? Number(value) : value]));
}

function importError(file: string, issues: readonly string[]): Error {
  const shown = issues.slice(0, MAX_ISSUES).map((issue) => `  ${issue}`);
  const more = issues.length > MAX_ISSUES ? [`  and ${issues.length - MAX_ISSUES} more`] : [];
  return cliError('IMPORT_REJECTED', { file, issues: [...shown, ...more].join('\n') });
}
