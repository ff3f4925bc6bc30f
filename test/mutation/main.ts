import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isPure } from '../laws/import-graph.ts';
import { productSources, ROOT, type Source, sourcesIn } from '../laws/sources.ts';
import { earlierResults } from './earlier-results.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { keyOf, type Result, report } from './report.ts';
import { createMutationRunner, type MutationRunner } from './run-tests.ts';
import { sampleOf } from './sample.ts';
import { testsOf } from './tests-of.ts';

// npm run test:mutation [-- PATH...] changes the code in small ways and sees whether a test notices. It fails when fewer than
// 85 of 100 mutants are noticed, or when one survives that test/mutation/survivors.json does not explain. Results are kept in
// node_modules/.cache and used again while the source and its tests stay as they are; --anew forgets them.
const { values: flags, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    'per-file': { type: 'string', default: '4' },
    write: { type: 'boolean', default: false },
    anew: { type: 'boolean', default: false },
  },
});

/** Code whose rules are promises, beside all that only calculates: where pods go, when they start, and what counters count. */
const COVERED = new RegExp(
  [
    'extender/placement/(annotation|bound-decision|candidate-table|cluster-zones|constraints|decisions|explain|mode|namespaces|placement-decision|pod-policy|ranking)',
    'extender/deferral/(decide|reconcile|candidates)\\.ts',
    'poller/power/(counter-increase|container-increases|node-balance|usage/node-usage)\\.ts',
  ]
    .map((part) => `^${part}`)
    .join('|'),
);
const SURVIVORS = join(import.meta.dirname, 'survivors.json');
const NEAREST_TESTS = 8;

const product = productSources();
const covered = product.filter(({ path }) =>
  wanted.length > 0 ? wanted.some((part) => path.startsWith(part)) : isPure(path) || COVERED.test(path),
);
const findTests = testsOf([...product, ...sourcesIn(['test'])]);
const explained: Record<string, string> = JSON.parse(readFileSync(SURVIVORS, 'utf8'));
const kept = join(ROOT, 'node_modules/.cache/mutation.jsonl');
if (flags.anew) rmSync(kept, { force: true });
const earlier = earlierResults(kept);
const results: Result[] = [];
const times = new Map<string, number | undefined>();

for (const source of covered) await mutate(source);
const { text, fails } = report(results, explained);
console.log(text);
if (flags.write) writeFileSync(join(ROOT, 'docs/mutation-score.md'), text);
process.exit(fails ? 1 : 0);

async function mutate(source: Source): Promise<void> {
  const mutants = sampleOf(mutantsOf(source), Number(flags['per-file']), keyOf);
  if (mutants.length === 0) return;
  // One runner a file: vitest remembers failed tests, and stops for them.
  await using runner = createMutationRunner();
  const started = performance.now();
  const tests = findTests(source.path).slice(0, NEAREST_TESTS);
  for (const mutant of mutants) {
    const known = earlier.isKilled(mutant, tests);
    const isKilled = known ?? (await isNoticed(runner, mutant, tests));
    if (known === undefined) earlier.keep(mutant, tests, isKilled);
    results.push({ mutant, isKilled });
    if (!isKilled) console.log(`survived ${keyOf(mutant)}`);
  }
  console.error(`${source.path}: ${mutants.length} mutants in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function isNoticed(runner: MutationRunner, mutant: Mutant, tests: readonly string[]): Promise<boolean> {
  for (const test of tests) {
    const usualMs = await timeOf(test);
    // A test that fails without a change proves nothing about a mutant.
    if (usualMs !== undefined && (await runner.isNoticed(mutant, test, 20_000 + 5 * usualMs))) return true;
  }
  return false;
}

/** How long a test file takes without a change; undefined when it fails. */
async function timeOf(test: string): Promise<number | undefined> {
  if (!times.has(test)) {
    await using runner = createMutationRunner();
    const started = performance.now();
    const fails = await runner.isNoticed(undefined, test, 120_000);
    if (fails) console.log(`left out: ${test} fails without a change`);
    times.set(test, fails ? undefined : performance.now() - started);
  }
  return times.get(test);
}
