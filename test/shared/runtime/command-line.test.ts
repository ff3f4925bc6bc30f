import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXTENDER_COMMAND_LINE } from '../../../extender/command-line.ts';
import { POLLER_COMMAND_LINE } from '../../../poller/command-line.ts';
import { ROOT } from '../../laws/sources.ts';
import { startProcess } from '../../started-process.ts';

/** Runs a program to its end, with a folder that no start may touch. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const DATA_DIR = join(mkdtempSync(join(tmpdir(), 'command-')), 'data');
  try {
    const options = { env: { DATA_DIR, ...env }, encoding: 'utf8', timeout: 60_000, stdio: 'pipe' } as const;
    return { code: 0, out: execFileSync(process.execPath, [join(ROOT, program), ...args], options), faults: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, out: stdout, faults: stderr };
  }
}

describe.each([POLLER_COMMAND_LINE, EXTENDER_COMMAND_LINE])('node $file', ({ file, modes }) => {
  it('shows a page with every switch, the first settings, an example and the exit codes, whatever the settings', () => {
    const { code, out } = run(file, ['--help'], { LOG_LEVEL: 'loud' });

    expect(code).toBe(0);
    for (const word of [...Object.keys(modes).map((mode) => `--${mode}`), 'CACHE_FILE', 'Example', 'Exit codes'])
      expect(out).toContain(word);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  it('refuses a switch that it does not have, and says which it has, instead of starting', () => {
    const { code, faults } = run(file, ['--nonsense']);

    expect(code).toBe(1);
    expect(faults).toContain(`${file}: "--nonsense" is not known here; it takes --check-config, `);
  });

  it('takes one switch at a time', () => {
    const { code, faults } = run(file, ['--check-config', '--check-config']);

    expect(code).toBe(1);
    expect(faults).toContain('one switch at a time');
  });

  it('misses the connection string of MODE=db when it is asked to check', () => {
    const { code, faults } = run(file, ['--check-config'], { MODE: 'db' });

    expect(code).toBe(1);
    expect(faults).toContain('TSDB_DSN: is missing');
  });
});

describe('a file that a setting names', () => {
  it.each([
    ['poller/main.ts', { REPLAY_TRACE: '/nowhere.csv' }, 'REPLAY_TRACE: ENOENT'],
    ['poller/main.ts', { REPLAY_TRACE: join(ROOT, 'package.json') }, 'REPLAY_TRACE: '],
    ['extender/main.ts', { SERVICES_FILE: '/nowhere.yaml' }, 'SERVICES_FILE: /nowhere.yaml cannot be read (ENOENT)'],
    [
      'extender/main.ts',
      { TLS_CERT_FILE: '/nowhere.pem', TLS_KEY_FILE: '/nowhere.pem' },
      '  - TLS_CERT_FILE: "/nowhere.pem" cannot be read (ENOENT)\n  - TLS_KEY_FILE: "/nowhere.pem" cannot be read (ENOENT)\n',
    ],
    ['extender/main.ts', { CONTRACTS_FILE: '/nowhere.yaml' }, 'CONTRACTS_FILE'],
    ['poller/main.ts', { OUTBOUND_CA_FILE: join(ROOT, 'package.json') }, 'OUTBOUND_CA_FILE: '],
    ['poller/main.ts', { POLLER_TASKS: 'readings' }, 'POLLER_TASKS: "readings" alone needs REDIS_URL'],
    ['poller/main.ts', { POLLER_HOST: '10.0.0.300' }, 'POLLER_HOST: "10.0.0.300" is not an IPv4 or IPv6 address'],
    ['extender/main.ts', { MODE: 'db', TSDB_DSN: 'nonsense' }, 'TSDB_DSN: (hidden) is not a connection string'],
  ])('is told by %s with the setting, without a stack: %o', (program, settings, told) => {
    const folder = mkdtempSync(join(tmpdir(), 'named-'));
    const ports = { EXTENDER_PORT: '0', API_PORT: '0', POLLER_PORT: '0', LOG_LEVEL: 'silent' };

    const { code, faults } = run(program, [], { ...ports, CACHE_FILE: join(folder, 'cache.json'), ...settings });

    expect(code).toBe(1);
    expect(faults).toContain(told);
    expect(faults).not.toMatch(/^ {4}at /m);
    // What --check-config passes starts.
    const checked = run(program, ['--check-config'], { ...ports, CACHE_FILE: join(folder, 'cache.json'), ...settings });
    expect(checked).toEqual({ code, out: '', faults });
  });
});

describe('a file of contracts that never match', () => {
  const folder = mkdtempSync(join(tmpdir(), 'contracts-'));
  const file = join(folder, 'contracts.yaml');
  const env = { CONTRACTS_FILE: file, CACHE_FILE: join(folder, 'cache.json'), DATA_DIR: join(folder, 'data') };
  writeFileSync(
    file,
    'contracts: [{ name: go, kind: ppa, zone: IT-NORD, from: 2020-01-01, to: 2020-02-01, mwh_per_hour: 1, grams_per_kwh: 0 }]',
  );

  it('passes --check-config with a warning for each reason, beside the settings', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'extender/main.ts'), '--check-config'], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ CONTRACTS_FILE: file });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^warning: contract go .* did you mean "IT-NO"\? \[CONTRACT_WITHOUT_EFFECT\]$/),
      expect.stringMatching(/^warning: contract go .* ended at 2020-02-01T00:00:00.000Z \[CONTRACT_WITHOUT_EFFECT\]$/),
    ]);
  });

  it('starts the extender, which warns', async () => {
    await using extender = startProcess('extender', { ...env, EXTENDER_PORT: '0', API_PORT: '0', LOG_LEVEL: 'warn' });

    expect(await extender.logged('a contract of CONTRACTS_FILE matches nothing, or makes figures worse')).toMatchObject(
      {
        code: 'CONTRACT_WITHOUT_EFFECT',
        object: 'go',
        reason: 'unknown-zone',
      },
    );
  });
});
