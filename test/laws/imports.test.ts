// Flow: the laws of the repository about imports.
import { describe, expect, it } from 'vitest';
import { crossings, cycles, importsIn, impureImports, isPure } from './import-graph.ts';
import { layersOf } from './layers.ts';
import { impureUses } from './purity.ts';
import { madeUp, productSources } from './sources.ts';

const product = productSources();
const imports = importsIn(product);
const local = imports.filter(({ isLocal }) => isLocal);
const pure = product.filter(({ path }) => isPure(path));

describe('imports', () => {
  it('lead from poller, extender and cli into shared, and never between them or out of it', () => {
    expect(local.length).toBeGreaterThan(500);
    expect(crossings(imports)).toEqual([]);
  });

  it.each([
    ['poller/a.ts', '../extender/b.ts'],
    ['extender/a.ts', '../cli/b.ts'],
    ['shared/grid/a.ts', '../../poller/b.ts'],
  ])('are refused from %s to %s', (path, target) => {
    expect(crossings(importsIn([madeUp(path, `import { b } from '${target}';`)]))).toHaveLength(1);
  });

  it('keep the pure folders apart from store, runtime, built-in modules and packages', () => {
    expect(pure.length).toBeGreaterThan(50);
    expect(impureImports(imports)).toEqual([]);
  });

  it.each([
    `import { openSqlite } from '../store/sqlite/database.ts';`,
    `import type { StoreConfig } from '../runtime/settings.ts';`,
    `export { openStore } from '../store/open.ts';`,
    `const store = await import('../store/open.ts');`,
    `import { readFileSync } from 'node:fs';`,
    `import { request } from 'undici';`,
  ])('of a pure folder are refused: %s', (text) => {
    expect(impureImports(importsIn([madeUp('shared/emissions/savings.ts', text)]))).toHaveLength(1);
  });

  it('of a pure folder may be of zod and of data', () => {
    const text = `import { z } from 'zod';\nimport table from '../data/regions.json' with { type: 'json' };`;

    expect(impureImports(importsIn([madeUp('shared/grid/regions.ts', text)]))).toEqual([]);
  });

  it('run in no circle, types included', () => {
    expect(cycles(imports)).toEqual([]);
  });

  it('in a circle are found, by way of types too', () => {
    const circle = [
      madeUp('poller/a.ts', `import type { B } from './b.ts';`),
      madeUp('poller/b.ts', `import { c } from './grid/c.ts';`),
      madeUp('poller/grid/c.ts', `export * from '../a.ts';`),
    ];

    expect(cycles(importsIn(circle))).toEqual(['poller/a.ts -> poller/b.ts -> poller/grid/c.ts -> poller/a.ts']);
  });

  it('put the folders of shared into layers, store and runtime above all that is pure', () => {
    const layers = layersOf(imports);
    const height = (folder: string) => layers.findIndex((layer) => layer.includes(folder));

    expect(layers[0]).toContain('grid');
    expect(height('store')).toBeGreaterThan(height('records'));
    expect(layers.length).toBeLessThanOrEqual(6);
  });

  it('between folders of shared that use each other are refused', () => {
    const mutual = [
      madeUp('shared/grid/a.ts', `import { b } from '../records/b.ts';`),
      madeUp('shared/records/b.ts', `import { a } from '../grid/a.ts';`),
    ];

    expect(() => layersOf(importsIn(mutual))).toThrow('grid, records');
  });
});

describe('pure code', () => {
  it('reads no clock, environment or chance, and writes nothing', () => {
    expect(pure.flatMap(impureUses)).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const home = process.env.HOME;',
    'console.log(1);',
    'const x = Math.random();',
    'setTimeout(() => 1, 5);',
    'await fetch(url);',
  ])('does not contain %s', (text) => {
    expect(impureUses(madeUp('shared/grid/a.ts', text))).toHaveLength(1);
  });

  it('may make a date of a given time', () => {
    expect(impureUses(madeUp('shared/grid/a.ts', 'const day = new Date(time).getUTCDay();'))).toEqual([]);
  });
});
