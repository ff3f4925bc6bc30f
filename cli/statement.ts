import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { Environment } from '../shared/runtime/config.ts';
import { makeStatement, monthRange, type StatementQuery, statementRowsFrom } from '../shared/statement/make.ts';
import type { StatementRows } from '../shared/statement/rows.ts';
import type { Statement } from '../shared/statement/statement.ts';
import { apiClient } from './api-client.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice } from './options.ts';
import { cliConfig } from './settings.ts';
import { statementHtml } from './statement-html.ts';
import { keepRows } from './statement-rows.ts';
import { statementFromApi, statementSource } from './statement-source.ts';
import { statementMarkdown } from './statement-text.ts';
import { verifyCommand } from './statement-verify.ts';
import { withStore } from './stores.ts';

const FORMATS = ['markdown', 'json', 'html'] as const;

interface StatementOptions {
  readonly month?: string;
  readonly namespace?: string;
  readonly format: string;
  readonly output?: string;
  readonly rows?: string;
}

/** `carbon statement`: a month's emissions, sealed by the hashes of the rows that they were made from. */
export function statementCommand(env: Environment, io: Io): Command {
  return new Command('statement')
    .description('Create a monthly statement of emissions that can be verified later')
    .enablePositionalOptions()
    .option('--month <month>', 'such as 2026-11 (UTC); a running month up to the last full hour')
    .option('--namespace <name>', 'only this namespace; default: everything that is recorded')
    .option('--format <format>', `${FORMATS.join(', ')}; html prints as PDF`, 'markdown')
    .option('--output <file>', 'write to this file instead of standard output')
    .option('--rows <file>', 'also write the rows, to verify without the store (only without CARBON_API)')
    .addCommand(verifyCommand(env, io))
    .addHelpText(
      'after',
      `
${API_HELP}
${examples(
  'carbon statement --month 2026-11 --namespace shop --output shop.md',
  'carbon statement --month 2026-11 --format html --output november.html --rows november.jsonl',
  'carbon statement verify shop.md',
)}`,
    )
    .action((options: StatementOptions) => runStatement(options, env, io));
}

async function runStatement(options: StatementOptions, env: Environment, io: Io): Promise<void> {
  const format = parseChoice('--format', options.format, FORMATS);
  const { month, namespace, output } = options;
  if (month === undefined)
    throw cliError('OPTIONS_MISSING', { reason: '--month is missing', hint: 'write it as --month 2026-11' });
  const range = monthRange(month, io.clock.now());
  if (range === undefined) throw cliError('MONTH_INVALID', { value: month });
  const query = { month, range, namespace };
  const api = apiClient(env);
  if (api !== undefined && options.rows !== undefined)
    throw cliError('OPTIONS_CONFLICT', { options: '--rows and CARBON_API', hint: 'keep rows where the store is' });
  const statement = api
    ? await statementFromApi(api, { month, namespace })
    : await fromStore(query, options.rows, env, io);
  const text = written(statement, format);
  if (output === undefined) return io.out(text);
  try {
    writeFileSync(output, text);
  } catch (error) {
    throw cliError('OUTPUT_FILE_FAILED', { file: output, reason: (error as Error).message });
  }
}

function fromStore(query: StatementQuery, file: string | undefined, env: Environment, io: Io): Promise<Statement> {
  const config = cliConfig(env);
  return withStore(config, async (store) => {
    const source = await statementSource(store, config);
    const rows: AsyncIterable<StatementRows> = statementRowsFrom(source, query);
    const facts = { cluster: config.CLUSTER_NAME, version: packageJson.version, now: io.clock.now() };
    return makeStatement(file === undefined ? rows : keepRows(rows, file), query, facts, source.contracts);
  });
}

function written(statement: Statement, format: (typeof FORMATS)[number]): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(statement, null, 2)}\n`;
    case 'html':
      return statementHtml(statement);
    case 'markdown':
      return statementMarkdown(statement);
    default:
      return format satisfies never;
  }
}
