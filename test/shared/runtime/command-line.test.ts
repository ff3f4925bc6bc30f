import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXTENDER_COMMAND_LINE } from '../../../extender/command-line.ts';
import { POLLER_COMMAND_LINE } from '../../../poller/command-line.ts';
import { ROOT } from '../../laws/sources.ts';

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
