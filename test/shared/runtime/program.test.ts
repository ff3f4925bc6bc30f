import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** A program as a person calls it; one that runs on instead of ending is stopped, and has no exit code. */
function call(program: 'poller' | 'extender', args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${program}/main.ts`, ...args], {
    env: { ...env, DATA_DIR: '/nowhere', CACHE_FILE: '/nowhere/cache.json' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe.each(['poller', 'extender'] as const)('%s/main.ts', (program) => {
  it('tells its arguments, and does not run', () => {
    const { status, stdout } = call(program, ['--help']);

    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: node ${program}/main.ts`);
    expect(stdout).toContain(program === 'poller' ? '--once' : '--watchdog');
    expect(stdout).toContain('--check-config');
  });

  it('refuses an argument that it does not know, rather than run on', () => {
    const { status, stdout, stderr } = call(program, ['--onse']);

    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('--onse: is no argument of this program; it takes');
  });

  it('finds with --check-config that MODE=db lacks its database, beside every other fault', () => {
    const missing = call(program, ['--check-config'], { MODE: 'db', LOG_LEVEL: 'loud' });
    const wrong = call(program, ['--check-config'], { MODE: 'db', TSDB_DSN: 'mysql://me:pw-4711@db/x' });
    const right = call(program, ['--check-config'], { MODE: 'db', DATABASE_URL: 'postgres://me:pw-4711@db/x' });

    expect([missing.status, wrong.status, right.status]).toEqual([1, 1, 0]);
    expect(missing.stderr).toMatch(/has 2 faults[\s\S]*TSDB_DSN: is missing; MODE=db needs/);
    expect(wrong.stderr).toMatch(/has 1 fault:\n {2}- TSDB_DSN: \(hidden\) is not a connection string/);
    expect(JSON.stringify([missing, wrong, right])).not.toContain('pw-4711');
  });

  it('shows ZONE_MAP with --check-config', () => {
    const { stdout } = call(program, ['--check-config'], { ZONE_MAP: 'node-a=DE,node-b=UK' });

    expect(JSON.parse(stdout).ZONE_MAP).toEqual({ 'node-a': 'DE', 'node-b': 'GB' });
  });
});
