// Flow: the laws of the repository about files, functions and names.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONG } from '../lanes.ts';
import { unexplainedTests } from './mirror.ts';
import { namedAfterKinds, repeatedTypeNames } from './names.ts';
import { longFunctions, share, tooLong } from './shape.ts';
import {
  functionsOf,
  madeUp,
  pageScripts,
  productSources,
  ROOT,
  type Source,
  sourcesIn,
  undocumentedExports,
} from './sources.ts';

const product = productSources();
const scripts = pageScripts();
const tests = sourcesIn(['test']);

describe('files and functions', () => {
  it('are short: files with a median under 80 lines, 95 of 100 under 200, none over 300', () => {
    const lengths = product.map(({ lines }) => lines);

    expect(scripts.length).toBeGreaterThan(5);
    expect(tooLong([...product, ...scripts], 300)).toEqual([]);
    expect(share(lengths, 0.5)).toBeLessThan(80);
    expect(share(lengths, 0.95)).toBeLessThan(200);
  });

  it('are short: 95 of 100 functions under 40 lines, none over 60, those of the page too', () => {
    const functions = product.flatMap(functionsOf);
    const lengths = functions.map(({ lines }) => lines);

    expect(functions.length).toBeGreaterThan(1000);
    expect(longFunctions([...functions, ...scripts.flatMap(functionsOf)], 60)).toEqual([]);
    expect(share(lengths, 0.95)).toBeLessThan(40);
  });

  it('are found when they are long', () => {
    const long = madeUp('poller/long.ts', `function long() {\n${'  1;\n'.repeat(300)}}`);

    expect(tooLong([long], 300)).toHaveLength(1);
    expect(longFunctions(functionsOf(long), 60)).toEqual(['poller/long.ts:1: 302 lines']);
  });

  it('start each program in a paragraph of at most 25 lines', () => {
    const entries = product.filter(({ path }) => /^(poller|extender|cli)\/main\.ts$/.test(path));

    expect(entries).toHaveLength(3);
    expect(tooLong(entries, 25)).toEqual([]);
  });

  it('export nothing without a doc comment', () => {
    const results = product.map(undocumentedExports);

    expect(results.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(500);
    expect(results.flatMap(({ missing }) => missing)).toEqual([]);
    expect(undocumentedExports(madeUp('a.ts', 'export const a = 1;')).missing).toHaveLength(1);
  });

  it('make folders by makeFolder, which returns where Node’s own recursive mkdir does not', () => {
    const recursive = ({ text }: Source) => /\bmkdir(Sync)?\([^;]*recursive/.test(text);

    expect(product.filter(recursive).map(({ path }) => path)).toEqual([]);
    expect(recursive(madeUp('a.ts', 'mkdirSync(folder, { recursive: true });'))).toBe(true);
  });

  it('are TypeScript that Node itself can run', () => {
    expect(product.filter(({ text }) => !stripsCleanly(text)).map(({ path }) => path)).toEqual([]);
    expect(stripsCleanly('enum Colour { Red }')).toBe(false);
  });
});

describe('names', () => {
  it('of exported types are declared once', () => {
    expect(repeatedTypeNames(product)).toEqual([]);
  });

  it('of exported types that stand twice are found', () => {
    const twice = [madeUp('a.ts', 'export interface Budget {}'), madeUp('b.ts', 'export class Budget {}')];

    expect(repeatedTypeNames(twice)).toEqual(['Budget: a.ts, b.ts']);
  });

  it('of folders and files are of stages of a flow, never of kinds', () => {
    expect(namedAfterKinds([...product, ...scripts])).toEqual([]);
    expect(namedAfterKinds([madeUp('shared/utils/a.ts', ''), madeUp('poller/types.ts', '')])).toHaveLength(2);
  });
});

describe('tests', () => {
  it('mirror a source, or say which flow they test', () => {
    const sources = new Set([...product, ...scripts, ...tests, ...sourcesIn(['docs'])].map(({ path }) => path));

    expect(
      unexplainedTests(
        tests.filter(({ path }) => path.endsWith('.test.ts')),
        sources,
      ),
    ).toEqual([]);
  });

  it('that do neither are found', () => {
    const made = [madeUp('test/poller/odd.test.ts', "import { it } from 'vitest';")];

    expect(unexplainedTests(made, new Set(['poller/even.ts']))).toHaveLength(1);
    expect(unexplainedTests(made, new Set(['poller/odd.ts']))).toEqual([]);
  });

  it('that are left to the long lane exist', () => {
    const withoutTest = (patterns: readonly string[]) =>
      patterns.filter((pattern) => !tests.some(({ path }) => matchesGlob(path, pattern)));

    expect(LONG.length).toBeGreaterThan(3);
    expect(withoutTest(LONG)).toEqual([]);
    expect(withoutTest(['test/poller/gone.test.ts'])).toHaveLength(1);
  });

  it('start no program that could outlive them', () => {
    const held = tests.filter(({ path }) => !/^test\/(bench\/|laws\/|children\.ts)/.test(path));

    expect(held.filter(startsUnwatched).map(({ path }) => path)).toEqual([]);
    expect(startsUnwatched(madeUp('a.ts', "import { execFileSync, spawn } from 'node:child_process';"))).toBe(true);
  });

  it('mock no module', () => {
    const mocking = tests.filter(({ path, text }) => !path.startsWith('test/laws/') && mocks(text));

    expect(tests.length).toBeGreaterThan(100);
    expect(mocking.map(({ path }) => path)).toEqual([]);
    expect(mocks("vi.mock('undici')")).toBe(true);
  });
});

describe('settings and time', () => {
  it('come from one place each', () => {
    expect(product.filter(readsClock).map(({ path }) => path)).toEqual([]);
    expect(product.filter(readsEnvironment).map(({ path }) => path)).toEqual([]);
  });

  it('are found elsewhere', () => {
    for (const text of ['const now = Date.now();', 'const today = new Date();'])
      expect(readsClock(madeUp('poller/a.ts', text))).toBe(true);
    expect(readsClock(madeUp('shared/runtime/clock.ts', 'Date.now()'))).toBe(false);
    expect(readsEnvironment(madeUp('poller/settings.ts', 'process.env.ZONES'))).toBe(true);
    expect(readsEnvironment(madeUp('poller/main.ts', 'process.env'))).toBe(false);
  });

  it('of packages name no download address in the lockfile', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');

    expect(lock).toContain('"integrity"');
    expect(namesAddress(lock)).toBe(false);
    expect(namesAddress('  "resolved": "https://packages.example/a.tgz",')).toBe(true);
  });
});

function readsClock({ path, text }: Source): boolean {
  return path !== 'shared/runtime/clock.ts' && /Date\.now\(|new Date\(\)/.test(text);
}

function readsEnvironment({ path, text }: Source): boolean {
  return !/(^cli\/|\/main\.ts$)/.test(path) && /process\.env/.test(text);
}

function namesAddress(lock: string): boolean {
  return /"resolved": "https?:/.test(lock);
}

/** Programs started for a test come from test/children.ts, which ends them; those that are waited for need it not. */
function startsUnwatched({ text }: Source): boolean {
  return /import \{[^}]*\b(spawn|fork|exec|execFile)\b[^}]*\} from 'node:child_process'/.test(text);
}

function mocks(text: string): boolean {
  return /vi\.(mock|doMock|hoisted)\(/.test(text);
}

function stripsCleanly(text: string): boolean {
  try {
    return stripTypeScriptTypes(text).length > 0;
  } catch {
    return false;
  }
}
