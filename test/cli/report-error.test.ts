import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../laws/sources.ts';
import { seedCache, seedHistory } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, CACHE_FILE: join(folder.path, 'carbon_cache.json') };
const ask = (args: string) => run(args.split(' '), env);

beforeAll(async () => {
  await seedHistory(folder.path);
  await ask('calculate --service q2q-ai --region FR --requests 10 --save');
});
afterAll(() => folder[Symbol.dispose]());

describe('reportError, for invalid input,', () => {
  it.each([
    ['calculate --service q2qai --region FR --requests 10', 'did you mean "q2q-ai"'],
    ['calculate --service q2q-ai --region us-eest-1 --requests 10', 'did you mean "us-east-1"'],
    ['calculate --service q2q-ai --region Germany --requests 10', 'did you mean'],
    ['calculate --service q2q-ai --region eu-west-1 --requests 10', 'aws/eu-west-1 (IE)'],
    ['calculate --service q2q-ai --region FR --requests -5', 'the nearest is 1'],
    ['calculate --service q2q-ai --region FR --requests 0', 'the nearest is 1'],
    ['calculate --service q2q-ai --region FR --requests 2.6', 'the nearest is 3'],
    ['calculate --service q2q-ai --region FR --requests 1,250,000', 'the nearest is 1250000'],
    ['calculate --service q2q-ai --region FR --requests many', 'whole number above 0, not many'],
    [
      'calculate --service q2q-ai --region FR --requests 1 --from 2026-03-14',
      'a period needs both --from and --to; add --to',
    ],
    [
      'calculate --service q2q-ai --region FR --requests 1 --from 2026-03-15 --to 2026-03-14',
      'did you mean 2026-03-14..2026-03-15',
    ],
    ['calculate --service q2q-ai --region FR --requests 1 --from 2026-02-30 --to 2026-03-14', 'is not a date or time'],
    [
      'calculate --service q2q-ai --region FR --requests 1 --from 2026-01-01 --to 2026-01-02',
      'the recorded period of FR is 2026-03-13T12:00Z..2026-03-15T12:00Z',
    ],
    ['calculate --service q2q-ai --region FR --requests 1 --pue 0.5', 'the nearest valid choice is 1'],
    ['calculate --service q2q-ai --region FR --requests 1 --pue auto', 'known for regions of aws, azure, gcp'],
    [
      'calculate --service q2q-ai --region FR --requests 1 --intensity -4',
      '--intensity must be a number above 0, not "-4"',
    ],
    [
      'calculate --service q2q-ai --region FR --requests 1 --intensity 0',
      '--intensity must be a number above 0, not "0"',
    ],
    ['calculate --service q2q-ai --region FR --requests 1 --usage nowhere.csv', 'nowhere.csv: no such file'],
    [
      'calculate --service q2q-ai --region FR --requests 1 --services nowhere.yaml',
      'nowhere.yaml cannot be read (ENOENT)',
    ],
    [
      'calculate --service q2q-ai --region FR --requests 1 --selector shop/',
      'such as shop/checkout or shop/app=checkout',
    ],
    ['calculate --service q2q-ai --region FR --requests 1 --selector shop/cart', 'no power of shop/cart is recorded'],
    ['report --period last-week', 'did you mean "last-7d"'],
    ['report --period last7d', 'did you mean "last-7d"'],
    ['report --period 2026-01-01..2026-01-02', 'the nearest record covers 2026-03-14T12:00Z..2026-03-15T12:00Z'],
    ['report --format tabel', 'did you mean "table"'],
    ['report --service q2q', 'did you mean "q2q-ai"'],
    ['report --region FRA', 'did you mean "FR"'],
    ['services measure --service s --selector shop/checkout', 'pass either --requests or --prometheus'],
    ['services measure --service s --selector shop/cart --requests 5', 'no power of these containers is recorded'],
    [
      'services measure --service s --selector shop/checkout --requests 5 --from 2026-03-11 --to 2026-03-15',
      'power is recorded for only 38 %',
    ],
    ['budget set --grams 5', 'either --namespace or --service'],
    ['budget set --service q --grams 0', '--grams must be a number above 0, not "0"'],
    ['budget set --service q --grams 5 --per fortnight', 'did you mean "month"'],
    ['budget remove --service q', 'no budget is set for service q per month'],
    ['windows --zone FR --hours 0', '--hours must be a whole number from 1 to 72, not "0"'],
    ['windows --zone PL --hours 4', 'neither the forecast nor the history of PL'],
  ])('carbon %s: one line, exit 1, no result', async (args, line) => {
    const ran = await ask(args);

    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.notes.trim().split('\n')).toHaveLength(1);
    expect(ran.notes).toContain(line);
  });

  it('imports nothing from a CSV with an invalid line, and lists every invalid line', async () => {
    const file = join(folder.path, 'bad.csv');
    writeFileSync(
      file,
      'service_name,region,period_start,period_end,request_count\nq2q-ai,FR,2026-03-14,2026-03-15,5\nq2qai,FR,2026-03-14,2026-03-15,5\nq2q-ai,FR,2026-03-14,2026-03-15,-5\n',
    );

    const ran = await run(['workloads', 'import', file], env);
    const report = await ask('report --period 2026-03-14..2026-03-15 --format json');

    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.notes).toMatch(/line 3: unknown service "q2qai".*\n.*line 4: requests must be a whole number/);
    expect(JSON.parse(report.out).totals.requests).toBeCloseTo(5, 9);
  });

  it('names the lines of a CSV as they are in the file, with a separator line, blank lines and empty rows before them', async () => {
    const file = join(folder.path, 'gaps.csv');
    const load = (rows: string[]) => {
      const header = 'service_name;region;period_start;period_end;request_count';
      writeFileSync(file, ['sep=;', header, '', ...rows].join('\r\n'));
      return run(['workloads', 'import', file], env);
    };
    const good = 'q2q-ai;FR;2026-03-14;2026-03-15;5';

    const invalid = await load([
      good,
      ';;;;',
      'q2q-ai;FR;2026-03-14;2026-03-15;many',
      'q2q-ai;FR;2026-03-14;2026-03-15;',
    ]);
    const unknown = await load([good, '', 'q2qai;FR;2026-03-14;2026-03-15;5']);
    const conflict = await load([good, ';;;;', 'q2q-ai;FR;2026-03-14;2026-03-15;6']);

    expect(invalid.notes).toMatch(/line 6: request_count "many".*\n.*line 7: request_count/);
    expect(unknown.notes).toContain('line 6: unknown service "q2qai"');
    expect(conflict.notes).toContain('line 6: has the same service, region and period as line 4');
  });

  it('imports nothing from a CSV in which one line would overwrite another, but accepts a plain repetition', async () => {
    using fresh = temporaryFolder();
    const own = { DATA_DIR: fresh.path };
    const file = join(fresh.path, 'twice.csv');
    const line = (requests: number, region = 'us-east-1') => `q2q-ai,${region},2026-03-14,2026-03-15,${requests}\n`;
    const header = 'service_name,region,period_start,period_end,request_count\n';
    const load = (lines: string) => {
      writeFileSync(file, header + lines);
      return run(['workloads', 'import', file, '--yearly-average'], own);
    };

    const lost = await load(line(10) + line(20, 'US-EAST-1'));
    const repeated = await load(line(10) + line(10));
    const { out } = await run(['report', '--period', '2026-03-14..2026-03-15', '--format', 'json'], own);

    expect(lost).toMatchObject({ code: 1, out: '' });
    expect(lost.notes).toContain('line 3: has the same service, region and period as line 2, but different figures');
    expect(repeated.code).toBe(0);
    expect(JSON.parse(out).totals.requests).toBe(10);
  });

  it('names the file when the store cannot be read', async () => {
    using broken = temporaryFolder();
    writeFileSync(join(broken.path, 'history.sqlite'), 'no database');

    const report = await run(['report'], { DATA_DIR: broken.path });
    const windows = await run(['windows', '--zone', 'DE', '--hours', '4'], { DATA_DIR: broken.path });

    for (const ran of [report, windows]) {
      expect(ran).toMatchObject({ code: 3, out: '' });
      expect(ran.notes).toBe(
        `the store failed: ${join(broken.path, 'history.sqlite')}: file is not a database [STORE_FAILED]\n`,
      );
    }
  });

  it('lists every issue of a services file', async () => {
    const file = join(folder.path, 'bad.yaml');
    writeFileSync(file, 'services:\n  a: { wh_per_request: -1 }\n');

    const ran = await run(['services', 'list', '--services', file], env);

    expect(ran.code).toBe(1);
    expect(ran.notes).toContain('services.a.wh_per_request');
  });
});

describe('exit codes', () => {
  it('ends with 2 when the cache file is missing, and says when values are stale', async () => {
    const missing = await ask('zones');
    seedCache(folder.path, Date.parse('2026-03-15T10:00:00Z'));
    const stale = await ask('zones');

    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(stale.code).toBe(0);
    expect(stale.notes).toContain('These values are stale');
  });

  it('ends with 2 when Prometheus cannot be reached', async () => {
    const ran = await ask(
      'services measure --service s --selector shop/checkout --prometheus up --prometheus-url http://127.0.0.1:9',
    );

    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.notes).toContain('[PROMETHEUS_UNREACHABLE]');
  });

  it('ends with 3 and names the directory when DATA_DIR does not exist, and creates nothing', async () => {
    const missing = join(folder.path, 'not', 'there');

    const ran = await run(['report'], { ...env, DATA_DIR: missing });

    expect(ran).toMatchObject({ code: 3, out: '' });
    expect(ran.notes).toContain(`DATA_DIR: the directory ${missing} does not exist`);
    expect(existsSync(missing)).toBe(false);
  });

  it('ends with 3 when the store is not a database', async () => {
    const broken = join(folder.path, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'history.sqlite'), 'not a database, but long enough to be read as one'.repeat(100));

    const ran = await run(['report'], { ...env, DATA_DIR: broken });

    expect(ran).toMatchObject({ code: 3, out: '' });
    expect(ran.notes).toMatch(/^the store failed: /);
  });

  it('is the same for both programs when they run as processes, with nothing but results on standard output', {
    timeout: 180_000,
  }, () => {
    const node = (script: string, ...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'cli', script), ...args], {
        env: { ...env, PATH: process.env.PATH, FORCE_COLOR: undefined },
        encoding: 'utf8',
      });

    const good = node('main.ts', 'services', 'list', '--json');
    const bad = node('co2e-calculator.ts', '--service', 'q2qai', '--region', 'FR', '--requests', '1');
    const unknown = node('main.ts', 'calculat');

    expect([good.status, bad.status, unknown.status]).toEqual([0, 1, 1]);
    expect(JSON.parse(good.stdout)).toHaveLength(5);
    expect([bad.stdout, unknown.stdout]).toEqual(['', '']);
    expect(unknown.stderr).toContain('Did you mean calculate?');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with this character.
    expect(good.stdout + bad.stderr).not.toMatch(/\u001b\[/);
  });
});

describe('output that cannot be written', () => {
  const program = join(ROOT, 'cli/main.ts');
  const shell = (command: string) =>
    spawnSync('bash', ['-c', command, process.execPath, program], { encoding: 'utf8' });

  it('ends with 3 and one line on a full disk', () => {
    const ran = shell('"$0" "$1" zones --yearly > /dev/full');

    expect(ran.status).toBe(3);
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
    expect(ran.stderr).toContain('[OUTPUT_FAILED]');
  });

  it('ends quietly when the reader of a pipe is gone', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell
    const ran = shell('"$0" "$1" zones --yearly --json | head -n 1; echo "${PIPESTATUS[0]}"');

    expect(ran.stdout).toBe('[\n0\n');
    expect(ran.stderr).toBe('');
  });
});

describe('help', () => {
  it.each([
    'calculate',
    'report',
    'services list',
    'services measure',
    'workloads import',
    'zones',
    'windows',
    'budget set',
    'budget list',
    'budget remove',
    'up',
    'demo',
    'simulated-kepler',
    'services',
    'workloads',
  ])('of carbon %s has examples that begin with the command, and the exit codes', async (command) => {
    const { code, out } = await ask(`${command} --help`);

    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples:\\n  carbon ${command}\\b`));
    expect(out).toContain('Exit codes: 0 success');
  });
});
