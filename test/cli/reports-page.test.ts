// Flow: the commands of docs/reports.md, each with the output that the page shows for it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { start } from '../extender/api/start-api.ts';
import { ROOT } from '../laws/sources.ts';
import { sqliteRecording } from '../shared/store/opened-parts.ts';
import { expectedOf, type PageCommand, pageCommands } from './reports-page.ts';
import { recordReportsWorld } from './reports-world.ts';
import { run, temporaryFolder } from './run.ts';

const PAGE = readFileSync(join(ROOT, 'docs/reports.md'), 'utf8');
const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, ZONE_MAP: 'n1=DE,n2=FR', PRICE_PER_KWH: 'DE=0.31', PRICE_CURRENCY: 'EUR' };
/** Commands that need a Prometheus, a collector or a cluster: other tests run them. */
const ELSEWHERE = /^(npm|carbon (services measure|budget set)|duckdb)/;

let api: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  const recording = sqliteRecording(folder.path);
  await recordReportsWorld(recording);
  api = await start(undefined, undefined, undefined, { PRICE_PER_KWH: 'DE=0.31' }, recording);
  for (const [, yaml = ''] of PAGE.matchAll(/```yaml\n([\s\S]*?)```/g))
    writeFileSync(join(folder.path, 'contracts.yaml'), yaml);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const commands = pageCommands(PAGE).filter(({ text }) => !ELSEWHERE.test(text));

it('finds the commands', () => {
  expect(commands.length).toBeGreaterThan(8);
});

it.each(commands)('$text', async (command) => {
  const printed = await outputOf(command);

  expect(printed.trimEnd()).toMatch(expectedOf(command.output));
});

it('has in Parquet what the page shows of it', async () => {
  const table = tableFromIPC(readParquet(readFileSync(join(folder.path, 'activity.parquet'))).intoIPCStream());
  const sums = new Map<string, number>();
  for (const row of table.toArray())
    sums.set(row.x_Namespace, (sums.get(row.x_Namespace) ?? 0) + Number(row.x_CarbonLocationGrams));

  for (const [namespace, grams] of sums) expect(PAGE).toMatch(new RegExp(`│ ${namespace} +│ +${grams.toFixed(1)} │`));
});

async function outputOf({ env: given, args, lines, text }: PageCommand): Promise<string> {
  if (text.startsWith('curl')) {
    const url = args.find((arg) => arg.startsWith('http')) ?? '';
    return JSON.stringify((await api.get(url.replace(/^https?:\/\/[^/]+/, ''))).body);
  }
  const inFolder = (name: string) =>
    /^[\w-]+\.(csv|yaml|html|jsonl|md|parquet)$/.test(name) ? join(folder.path, name) : name;
  const files = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, inFolder(value)]));
  const { out, notes, bytes } = await run(args.slice(1).map(inFolder), { ...env, ...files });
  const printed = `${bytes.toString()}${out}${notes}`.replaceAll(`${folder.path}/`, '').replaceAll('\r\n', '\n');
  return lines === undefined ? printed : printed.split('\n').slice(0, lines).join('\n');
}
