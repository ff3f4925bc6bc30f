import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import {
  ACTIVITY_FORMATS,
  type ActivityExport,
  COLUMN_SETS,
  exportedActivity,
  isOfWholeHours,
} from '../shared/export/export.ts';
import { isoTime } from '../shared/grid/units.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { parseWindow, WINDOW_FORMS } from '../shared/records/time-window.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { openStore } from '../shared/store/open.ts';
import { apiClient } from './api-client.ts';
import { cliError } from './errors.ts';
import { API_HELP, examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice } from './options.ts';
import { cliConfig } from './settings.ts';
import { statementSource } from './statement-source.ts';

interface ExportOptions {
  readonly format: string;
  readonly by: string;
  readonly window: string;
  readonly columns?: string;
  readonly namespace?: string;
  readonly output?: string;
}

/** `carbon export`: energy, emissions and costs of every container by hour or day, for FinOps and data tools. */
export function exportCommand(env: Environment, io: Io): Command {
  return new Command('export')
    .description('Export energy, emissions and costs of every container by hour or day (FOCUS, CSV, Parquet, JSON)')
    .option('--format <format>', ACTIVITY_FORMATS.join(', '), 'focus')
    .option('--by <unit>', 'hour or day (UTC)', 'day')
    .option('--window <window>', '7d, lastmonth, or FROM,TO (UTC)', '7d')
    .option('--columns <set>', 'focus or plain; default: focus for the formats focus and parquet, else plain')
    .option('--namespace <name>', 'only this namespace')
    .option('--output <file>', 'write to this file, which appears once it is complete')
    .addHelpText(
      'after',
      `
${API_HELP}
${examples(
  'carbon export --format focus --by day --window lastmonth --output october.csv',
  'carbon export --format parquet --by hour --window 90d --output activity.parquet',
  "CARBON_API=http://localhost:5001 carbon export --format json --window today | jq '.[0]'",
)}`,
    )
    .action((options: ExportOptions) => runExport(options, env, io));
}

async function runExport(options: ExportOptions, env: Environment, io: Io): Promise<void> {
  const { columns, namespace, output } = options;
  const query: ActivityExport = {
    format: parseChoice('--format', options.format, ACTIVITY_FORMATS),
    by: parseChoice('--by', options.by, ['hour', 'day'] as const),
    range: rangeOf(options.window, io.clock.now()),
    ...(columns !== undefined && { columns: parseChoice('--columns', columns, COLUMN_SETS) }),
    namespace,
  };
  const api = apiClient(env);
  const pieces = api ? api.stream(pathOf(query)) : fromStore(query, env);
  if (output !== undefined) return writeFile(output, pieces);
  for await (const piece of pieces) await io.write(piece);
}

function rangeOf(window: string, now: number): TimeRange {
  const range = parseWindow(window, now);
  if (range === undefined) throw cliError('WINDOW_INVALID', { value: window, forms: WINDOW_FORMS });
  if (!isOfWholeHours(range)) throw cliError('WINDOW_CUTS_HOURS', { value: window });
  return range;
}

function pathOf({ range, by, format, columns, namespace }: ActivityExport): string {
  const window = `${isoTime(range.from)},${isoTime(range.to)}`;
  const query = new URLSearchParams({
    window,
    by,
    format,
    ...(columns && { columns }),
    ...(namespace && { namespace }),
  });
  return `/api/export?${query}`;
}

async function* fromStore(query: ActivityExport, env: Environment): AsyncIterable<Uint8Array> {
  const config = cliConfig(env);
  await using store = await openStore(config);
  const facts = { cluster: config.CLUSTER_NAME, currency: config.PRICE_CURRENCY ?? null };
  yield* exportedActivity({ ...(await statementSource(store, config)), prices: config.PRICE_PER_KWH }, facts, query);
}

/** Writes pieces to a file beside, and renames it: a reader sees a whole export or none. */
async function writeFile(file: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${file}.${randomUUID()}.partial`;
  const output = createWriteStream(partial, { flags: 'wx' });
  try {
    await pipeline(Readable.from(pieces), output);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    if (error === output.errored) throw cliError('OUTPUT_FILE_FAILED', { file, reason: (error as Error).message });
    throw error;
  }
}
