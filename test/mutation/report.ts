import type { Mutant } from './mutants.ts';

/** A mutant, and whether a test noticed it. */
export interface Result {
  readonly mutant: Mutant;
  readonly isKilled: boolean;
}

/** Fewest mutants of 100 that tests must notice. */
const LEAST_SCORE = 85;

/** A mutant by its file, the line of code that it changes, and the change: the same wherever the line moves. */
export function keyOf({ path, line, original, replacement, text }: Mutant): string {
  const lineText = (text.split('\n')[line - 1] ?? '').trim().slice(0, 100);
  return `${path}: ${original.slice(0, 60)} -> ${replacement.slice(0, 60)} in ${lineText}`;
}

/** The score by folder and the survivors with the reason that is on record; fails below the least score or with a survivor without a reason. */
export function report(
  results: readonly Result[],
  explained: Readonly<Record<string, string>>,
): { text: string; fails: boolean } {
  const survivors = results.filter(({ isKilled }) => !isKilled).map(({ mutant }) => keyOf(mutant));
  const unexplained = survivors.filter((key) => !(key in explained));
  const score = scoreOf(results);
  const lines = [
    '# Mutation score',
    '',
    'Written by `npm run test:mutation -- --write`: small changes of the code, and how many of them a test notices.',
    '',
    '| folder | mutants | noticed | share |',
    '|---|---|---|---|',
    ...[...Map.groupBy(results, ({ mutant }) => mutant.path.split('/').slice(0, 2).join('/'))].map(row),
    `| **all** | ${results.length} | ${results.length - survivors.length} | **${score.toFixed(1)} %** |`,
    '',
    '## Survivors',
    '',
    ...survivors.map((key) => `* \`${key.replaceAll('`', "'")}\`: ${explained[key] ?? '**no reason on record**'}`),
    '',
  ];
  return { text: lines.join('\n'), fails: score < LEAST_SCORE || unexplained.length > 0 };
}

function row([folder, results]: [string, Result[]]): string {
  const killed = results.filter(({ isKilled }) => isKilled).length;
  return `| ${folder} | ${results.length} | ${killed} | ${scoreOf(results).toFixed(1)} % |`;
}

function scoreOf(results: readonly Result[]): number {
  return results.length === 0 ? 0 : (100 * results.filter(({ isKilled }) => isKilled).length) / results.length;
}
