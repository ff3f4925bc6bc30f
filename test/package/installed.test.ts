// Flow: the package as others install it: its module, its types, both programs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { ROOT } from '../laws/sources.ts';

const consumer = temporaryFolder();
const run = (program: string, args: readonly string[], cwd = consumer.path) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: process.env.HOME } });
const node = (...args: string[]) => run(process.execPath, args);

describe('the package as a dependency', () => {
  // As npm does it, but without asking a registry: the tarball unpacked below node_modules, beside its dependencies.
  beforeAll(() => {
    run('npm', ['pack', '--silent', '--pack-destination', consumer.path], ROOT);
    const target = join(consumer.path, 'node_modules', 'carbon-extender');
    mkdirSync(target, { recursive: true });
    const [tarball = ''] = run('sh', ['-c', 'ls *.tgz']).trim().split('\n');
    run('tar', ['-xzf', join(consumer.path, tarball), '--strip-components=1', '-C', target]);
    symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'));
    symlinkSync(join(ROOT, 'node_modules', '@types'), join(consumer.path, 'node_modules', '@types'));
    writeFileSync(join(consumer.path, 'package.json'), '{"type":"module"}');
  }, 120_000);

  afterAll(() => consumer[Symbol.dispose]());

  it('gives calculateEmissions to an import of carbon-extender/calculator', () => {
    const script = `import { calculateEmissions } from 'carbon-extender/calculator';
      const { total_kWh, total_gCO2e, gCO2e_per_1k_requests } = calculateEmissions({ service: 'q2q-ai', region: 'us-east-1', requests: 100000, intensity: 450.25 });
      console.log(JSON.stringify([total_kWh, total_gCO2e, gCO2e_per_1k_requests]));`;

    expect(JSON.parse(node('--input-type=module', '-e', script))).toEqual([50, 22512.5, 225.125]);
  });

  it('takes service, region and requests as positional arguments, and exports the profiles', () => {
    const script = `import { calculateEmissions, SERVICE_PROFILES } from 'carbon-extender/calculator';
      const { total_kWh } = await calculateEmissions('q2q-ai', 'us-east-1', 100000);
      console.log(JSON.stringify([total_kWh, SERVICE_PROFILES['q2q-ai'].wh_per_request]));`;

    expect(JSON.parse(node('--input-type=module', '-e', script))).toEqual([50, 0.5]);
  });

  it('installs no program called node beside those of its user', () => {
    const manifest = JSON.parse(readFileSync(join(consumer.path, 'node_modules/carbon-extender/package.json'), 'utf8'));

    expect(manifest.optionalDependencies).toBeUndefined();
    expect(Object.keys(manifest.dependencies).filter((name) => /^node(-|$)/.test(name))).toEqual([]);
    expect(Object.keys(manifest.bin)).toEqual(['carbon', 'co2e-calculator']);
  });

  it.each(['main.js', 'co2e-calculator.js'])(
    'says in %s that Node 24 is needed, in words that old Node can parse',
    (name) => {
      const program = readFileSync(join(consumer.path, 'node_modules/carbon-extender/dist/cli', name), 'utf8');
      const script = `Object.defineProperty(process.versions, 'node', { value: '18.20.0' }); await import(${JSON.stringify(
        join(consumer.path, 'node_modules/carbon-extender/dist/cli', name),
      )});`;
      const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });

      expect(ran.status).toBe(1);
      expect(ran.stderr).toMatch(/needs Node 24 or newer; this is Node 18\.20\.0/);
      // Static imports would be parsed before the check runs.
      expect(program).not.toMatch(/^import |await using/m);
    },
  );

  it('brings its types', () => {
    const source = `import { calculateEmissions, type EmissionsResult } from 'carbon-extender/calculator';
      const result: EmissionsResult = calculateEmissions({ service: 'q2q-ai', region: 'DE', requests: 1 });
      export const grams: number = result.total_gCO2e;
      // @ts-expect-error requests is a number
      calculateEmissions({ service: 'q2q-ai', region: 'DE', requests: 'many' });`;
    writeFileSync(join(consumer.path, 'consumer.ts'), source);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node'];

    expect(node(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, 'consumer.ts')).toBe('');
  });

  it('brings both programs', () => {
    const program = (name: string) => join(consumer.path, 'node_modules', 'carbon-extender', 'dist', 'cli', name);
    const question = ['--service', 'q2q-ai', '--region', 'DE', '--requests', '1000', '--intensity', '300'];

    expect(node(program('main.js'), 'calculate', ...question)).toContain('Total Emissions (gCO2e)    150.0000');
    expect(node(program('co2e-calculator.js'), '--list', '--json')).toContain('"q2q-ai"');
  });

  it('holds what it needs to run and nothing of the tests', () => {
    const files = run('tar', ['-tzf', ...run('sh', ['-c', 'ls *.tgz']).trim().split('\n')]);

    expect(files).toContain('package/dist/shared/data/trace-2021.csv.gz');
    expect(files).toContain('package/dist/shared/store/sqlite/migrations/0001-power.sql');
    expect(files).not.toMatch(/(^|\/)test\/|\.test\.|\.env/m);
  });
});
