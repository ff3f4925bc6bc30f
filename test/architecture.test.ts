import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  functionsOf,
  importsOf,
  productSources,
  ROOT,
  type Source,
  sourcesIn,
  undocumentedExports,
} from './laws/sources.ts';

const product = productSources();

/** What each top-level folder may import beside itself and packages. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  shared: [],
  poller: ['shared'],
  extender: ['shared', 'package.json'],
  cli: ['shared', 'package.json'],
};

const PURE = product.filter(({ path }) => path.startsWith('shared/') && !/^shared\/(store|runtime)\//.test(path));

describe('the laws of the repository', () => {
  it('lets poller, extender and cli import shared, and never each other', () => {
    const crossings: string[] = [];
    let checked = 0;
    for (const source of product) {
      const own = source.path.split('/')[0] ?? '';
      for (const written of importsOf(source).filter((path) => path.startsWith('.'))) {
        checked += 1;
        const [target = '', ...below] = posix.normalize(posix.join(dirname(source.path), written)).split('/');
        if (below.length === 0) continue;
        if (target !== own && !MAY_IMPORT[own]?.includes(target)) crossings.push(`${source.path} imports ${written}`);
      }
    }

    expect(checked).toBeGreaterThan(50);
    expect(crossings).toEqual([]);
  });

  it('keeps calculation in shared free of input, output, clocks and environment', () => {
    const impure = PURE.filter(({ text }) =>
      /from 'node:|Date\.now\(|new Date\(\)|performance\.now|process\.|console\./.test(text),
    );

    expect(PURE.length).toBeGreaterThan(5);
    expect(impure.map(({ path }) => path)).toEqual([]);
  });

  it('takes time from a clock and settings from one place', () => {
    const clocks = product.filter(
      ({ path, text }) => path !== 'shared/runtime/clock.ts' && /Date\.now\(|new Date\(\)/.test(text),
    );
    const environments = product.filter(
      ({ path, text }) => !/(^cli\/|\/main\.ts$)/.test(path) && /process\.env/.test(text),
    );

    expect(product.length).toBeGreaterThan(20);
    expect(clocks.map(({ path }) => path)).toEqual([]);
    expect(environments.map(({ path }) => path)).toEqual([]);
  });

  it('keeps files short: median under 80 lines, 95th percentile under 200, none over 300', () => {
    const lengths = product.map(({ lines }) => lines).sort((a, b) => a - b);

    expect(tooLong(product, 300)).toEqual([]);
    expect(quantile(lengths, 0.5)).toBeLessThan(80);
    expect(quantile(lengths, 0.95)).toBeLessThan(200);
  });

  it('keeps functions short: 95th percentile under 40 lines, none over 60', () => {
    const functions = product.flatMap(functionsOf);
    const lengths = functions.map(({ lines }) => lines).sort((a, b) => a - b);

    expect(functions.length).toBeGreaterThan(100);
    expect(functions.filter(({ lines }) => lines > 60)).toEqual([]);
    expect(quantile(lengths, 0.95)).toBeLessThan(40);
  });

  it('keeps every entry a paragraph of at most 25 lines', () => {
    const entries = product.filter(({ path }) => /^(poller|extender|cli)\/main\.ts$/.test(path));

    expect(entries).toHaveLength(3);
    expect(tooLong(entries, 25)).toEqual([]);
  });

  it('documents every export', () => {
    const results = product.map(undocumentedExports);

    expect(results.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(50);
    expect(results.flatMap(({ missing }) => missing)).toEqual([]);
  });

  it('writes only TypeScript that Node itself can run', () => {
    const refused = product.filter(({ text }) => !stripsCleanly(text));

    expect(product.length).toBeGreaterThan(20);
    expect(refused.map(({ path }) => path)).toEqual([]);
  });

  it('names folders after stages of a flow, never after kinds', () => {
    const kinds = product.filter(({ path }) => /(^|\/)(utils?|helpers?|types|common|lib|misc)(\/|\.ts$)/.test(path));

    expect(product.length).toBeGreaterThan(20);
    expect(kinds.map(({ path }) => path)).toEqual([]);
  });

  it('mocks no module', () => {
    const tests = sourcesIn(['test']);
    const mocking = tests.filter(
      ({ path, text }) => path !== 'test/architecture.test.ts' && /vi\.(mock|doMock|hoisted)\(/.test(text),
    );

    expect(tests.length).toBeGreaterThan(5);
    expect(mocking.map(({ path }) => path)).toEqual([]);
  });

  it('records no download address in the lockfile', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');

    expect(lock).toContain('"integrity"');
    expect(lock).not.toMatch(/"resolved": "https?:/);
  });
});

function tooLong(sources: readonly Source[], limit: number): string[] {
  return sources.filter(({ lines }) => lines > limit).map(({ path, lines }) => `${path}: ${lines} lines`);
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.floor((sorted.length - 1) * q)] ?? 0;
}

function stripsCleanly(text: string): boolean {
  try {
    return stripTypeScriptTypes(text).length > 0;
  } catch {
    return false;
  }
}
