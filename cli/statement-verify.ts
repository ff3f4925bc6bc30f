import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Environment } from '../shared/runtime/config.ts';
import { remakeStatement, type StatementQuery, statementRowsFrom } from '../shared/statement/make.ts';
import { differencesOf, type StatementDifference, sealOf } from '../shared/statement/seal.ts';
import { type Statement, statementSchema } from '../shared/statement/statement.ts';
import { apiClient } from './api-client.ts';
import { cliError } from './errors.ts';
import { fileReason } from './file-reason.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { cliConfig } from './settings.ts';
import { keptRows } from './statement-rows.ts';
import { statementFromApi, statementSource } from './statement-source.ts';
import { withStore } from './stores.ts';

/** Differences that are listed at most. */
const SHOWN = 50;

/** `carbon statement verify`: computes a statement again, and says what differs. */
export function verifyCommand(env: Environment, io: Io): Command {
  return new Command('verify')
    .description('Recompute a statement from the store, the API or kept rows, and show the differences')
    .argument('<file>', 'a statement as Markdown, JSON or HTML')
    .option('--rows <file>', 'rows that were kept with the statement, instead of the store')
    .addHelpText(
      'after',
      `
${API_HELP}
${examples('carbon statement verify shop.md', 'carbon statement verify november.html --rows november.jsonl')}`,
    )
    .action((file: string, options: { readonly rows?: string }) => verify(file, options.rows, env, io));
}

async function verify(file: string, rows: string | undefined, env: Environment, io: Io): Promise<void> {
  const stated = statementIn(file);
  const computed = await computedAgain(stated, rows, env);
  const differences = [...sealDifference(stated), ...differencesOf(stated, computed)];
  if (differences.length === 0) {
    const { month, namespace, seal } = stated;
    return io.out(`verified: ${month}, ${namespace ?? 'all namespaces'}; ${seal.algorithm} ${seal.value}\n`);
  }
  const list = differences
    .slice(0, SHOWN)
    .map(({ place, stated: was, computed: is }) => `${place}: stated ${was}, computed ${is}`);
  if (differences.length > SHOWN) list.push(`and ${differences.length - SHOWN} more`);
  throw cliError('STATEMENT_DIFFERS', { file, differences: list.join('\n') });
}

function sealDifference(stated: Statement): StatementDifference[] {
  const { value } = sealOf(stated);
  if (value === stated.seal.value) return [];
  return [{ place: 'seal (the file was changed after it was made)', stated: stated.seal.value, computed: value }];
}

function computedAgain(stated: Statement, rows: string | undefined, env: Environment): Promise<Statement> {
  if (rows !== undefined) return remakeStatement(keptRows(rows), stated);
  const range = { from: Date.parse(stated.from), to: Date.parse(stated.to) };
  const query: StatementQuery = { month: stated.month, range, namespace: stated.namespace ?? undefined };
  const api = apiClient(env);
  if (api !== undefined) return statementFromApi(api, { ...query, to: stated.to });
  const config = cliConfig(env);
  return withStore(config, async (store) => {
    const source = await statementSource(store, config);
    return remakeStatement(statementRowsFrom(source, query), stated);
  });
}

/** The statement in a file: JSON as it is, or the JSON within Markdown or HTML. */
function statementIn(file: string): Statement {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw cliError('FILE_INVALID', { file, reason: fileReason(error) });
  }
  const json =
    /<script type="application\/json" id="statement">(.*?)<\/script>/s.exec(text)?.[1] ??
    /\n```json\n(.*?)\n```/s.exec(text)?.[1] ??
    text;
  try {
    return statementSchema.parse(JSON.parse(json));
  } catch {
    throw cliError('FILE_INVALID', { file, reason: 'has no statement in it' });
  }
}
