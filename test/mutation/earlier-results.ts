import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../laws/sources.ts';
import type { Mutant } from './mutants.ts';

/** Results of mutants that neither their source nor the tests beside it have changed since: a run that ended early goes on there. */
export interface EarlierResults {
  readonly isKilled: (mutant: Mutant, tests: readonly string[]) => boolean | undefined;
  readonly keep: (mutant: Mutant, tests: readonly string[], isKilled: boolean) => void;
}

/** Reads the results that a file has, which need not exist. */
export function earlierResults(file: string): EarlierResults {
  const known = new Map<string, boolean>();
  if (existsSync(file))
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const { hash, isKilled } = JSON.parse(line) as { readonly hash: string; readonly isKilled: boolean };
      known.set(hash, isKilled);
    }
  return {
    isKilled: (mutant, tests) => known.get(hashOf(mutant, tests)),
    keep: (mutant, tests, isKilled) => {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${JSON.stringify({ hash: hashOf(mutant, tests), isKilled })}\n`);
    },
  };
}

/** Of the changed source and of the tests' own text; what the tests import may have changed. */
function hashOf({ path, text }: Mutant, tests: readonly string[]): string {
  const hash = createHash('sha256').update(`${path}\0${text}`);
  for (const test of tests) hash.update(`\0${test}\0${readFileSync(join(ROOT, test), 'utf8')}`);
  return hash.digest('hex');
}
