import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isPure } from '../laws/import-graph.ts';
import { productSources, ROOT, type Source, sourcesIn } from '../laws/sources.ts';
import { mutantsOf } from './mutants.ts';
import { keyOf, type Result, report } from './report.ts';
import { createMutationRunner, type MutationRunner } from './run-tests.ts';
import { sampleOf } from './sample.ts';
import { testsOf } from './tests-of.ts';

// npm run test:mutation [-- PATH...] changes the code in small ways and sees whether a test notices. It fails when fewer than
// 85 of 100 mutants are noticed, or when one survives that test/mutation/survivors.json does not explain.
const { values: flags, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { 'per-file': { type: 'string', default: '4' }, write: { type: 'boolean', default: false } },
});

/** Code whose rules are promises: all that calculates, where pods go, when they start, and what counters count. */
const COVERED =
  /^(extender\/placement\/|extender\/deferral\/(decide|reconcile|candidates)\.ts|poller\/power\/(rates|counter|usage))/;
const SURVIVORS = join(import.meta.dirname, 'survivors.json');
const NEAREST_TESTS = 3;

const product = productSources();
const covered = product.filter(({ path }) =>
  wanted.length > 0 ? wanted.some((part) => path.startsWith(part)) : isPure(path) || COVERED.test(path),
);
const findTests = testsOf([...product, ...sourcesIn(['test'])]);
const explained: Record<string, string> = JSON.parse(readFileSync(SURVIVORS, 'utf8'));
const results: Result[] = [];

for (const source of covered) await mutate(source);
const { text, fails } = report(results, explained);
console.log(text);
if (flags.write) writeFileSync(join(ROOT, 'docs/mutation-score.md'), text);
if (fails) process.exitCode = 1;

async function mutate(source: Source): Promise<void> {
  const mutants = sampleOf(mutantsOf(source), Number(flags['per-file']), keyOf);
  if (mutants.length === 0) return;
  // One runner a file: vitest remembers failed tests, and stops for them.
  await using runner = createMutationRunner();
  const started = performance.now();
  const tests = await passing(runner, source.path, findTests(source.path).slice(0, NEAREST_TESTS));
  const timeoutMs = 20_000 + 5 * (performance.now() - started);
  for (const mutant of mutants) {
    const isKilled = tests.length > 0 && (await runner.isNoticed(mutant.path, mutant.text, tests, timeoutMs));
    results.push({ mutant, isKilled });
    if (!isKilled) console.log(`survived ${keyOf(mutant)}`);
  }
  console.error(`${source.path}: ${mutants.length} mutants in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** The tests that pass without a change; one that does not proves nothing about a mutant. */
async function passing(runner: MutationRunner, path: string, tests: readonly string[]): Promise<string[]> {
  if (tests.length === 0 || !(await runner.isNoticed(path, undefined, tests, 120_000))) return [...tests];
  const passed: string[] = [];
  for (const test of tests) {
    if (await runner.isNoticed(path, undefined, [test], 120_000))
      console.log(`left out: ${test} fails without a change`);
    else passed.push(test);
  }
  return passed;
}
