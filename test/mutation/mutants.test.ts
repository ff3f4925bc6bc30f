// Flow: the mutation run: which changes it makes, which it samples, and when it fails.
import { describe, expect, it } from 'vitest';
import { madeUp } from '../laws/sources.ts';
import { mutantsOf } from './mutants.ts';
import { keyOf, report } from './report.ts';
import { sampleOf } from './sample.ts';

const changesOf = (text: string) =>
  mutantsOf(madeUp('shared/grid/a.ts', text)).map(({ original, replacement }) => `${original} -> ${replacement}`);

describe('mutants', () => {
  it.each([
    ['const a = b < c;', ['< -> <=']],
    ['const a = b === c;', ['=== -> !==']],
    ['const a = b && c;', ['&& -> ||']],
    ['const a = Math.max(b, c);', ['max -> min']],
    ['const a = !b;', ['!b -> b']],
    ['const a = true;', ['true -> false']],
    ['const a = b / 60;', ['/ -> *', '60 -> 61']],
    ['if (b) c();', ['b -> true', 'b -> false']],
  ])('change %s', (text, changes) => {
    expect(changesOf(text)).toEqual(changes);
  });

  it.each([
    'type A = 5 | 6;',
    "const a = 'b' + c;",
    'const LIMIT = 60;',
    'while (a < 5) b();',
    'for (let i = 0; i < 5; i++) b();',
    "import a from './b.ts';",
    'a.toString();',
  ])('leave alone what only types, joins text, sets a limit or could run for ever: %s', (text) => {
    expect(changesOf(text)).toEqual([]);
  });

  it('leave the comparison of an order of unique keys alone', () => {
    expect(changesOf('a.sort((b, c) => (b < c ? -1 : 1));')).toEqual(['b < c -> true', 'b < c -> false']);
    expect(changesOf('a.sort((b, c) => (b < c ? -1 : 0));')).toContain('< -> <=');
  });

  it('are sampled alike whatever stands around them', () => {
    const one = mutantsOf(madeUp('a.ts', 'const a = b < c;\nconst d = e > f;'));
    const moved = mutantsOf(madeUp('a.ts', '\n\nconst a = b < c;\nconst d = e > f;'));

    expect(sampleOf(one, 1, keyOf).map(keyOf)).toEqual(sampleOf(moved, 1, keyOf).map(keyOf));
  });
});

describe('the report', () => {
  const [mutant] = mutantsOf(madeUp('shared/grid/a.ts', 'const a = b < c;'));
  if (mutant === undefined) throw new Error('there is a mutant');
  const killed = { mutant, isKilled: true };
  const survived = { mutant, isKilled: false };

  it('fails below 85 of 100, and passes at 85', () => {
    const explained = { [keyOf(mutant)]: 'equivalent' };

    expect(report([...Array(85).fill(killed), ...Array(15).fill(survived)], explained).fails).toBe(false);
    expect(report([...Array(84).fill(killed), ...Array(16).fill(survived)], explained).fails).toBe(true);
  });

  it('fails for a survivor without a reason, and names it', () => {
    const { text, fails } = report([...Array(99).fill(killed), survived], {});

    expect(fails).toBe(true);
    expect(text).toContain('no reason on record');
  });
});
