// Flow: docker-compose.yaml, read by the parser that Docker Compose itself uses.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../laws/sources.ts';
import { available } from '../servers/available.ts';

const HAS_GO = available('go', 'install Go: the parser of Docker Compose is a Go module');

describe.skipIf(!HAS_GO)('docker-compose.yaml', { timeout: 600_000 }, () => {
  const load = (file: string) =>
    execFileSync('go', ['run', '.', file], {
      cwd: join(import.meta.dirname, 'compose'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('is valid, with both programs hardened and only loopback ports', () => {
    const { services } = JSON.parse(load(join(ROOT, 'docker-compose.yaml')));

    expect(Object.keys(services).sort()).toEqual([
      'extender',
      'grafana',
      'poller',
      'prometheus',
      'redis',
      'simulated-kepler',
      'timescaledb',
    ]);
    for (const name of ['poller', 'extender', 'simulated-kepler'])
      expect(services[name]).toMatchObject({
        ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
        build: { context: ROOT, dockerfile: name === 'extender' ? 'Dockerfile.extender' : 'Dockerfile.poller' },
      });
    const ports = Object.values<{ ports?: { host_ip: string }[] }>(services).flatMap(({ ports = [] }) => ports);
    expect(ports.length).toBeGreaterThan(5);
    expect(ports.every(({ host_ip }) => host_ip === '127.0.0.1')).toBe(true);
  });

  it('would be rejected with a field that Compose does not know', () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, 'services: { poller: { image: a, read_onyl: true } }\n');

    expect(() => load(file)).toThrow(/read_onyl/);
    rmSync(folder, { recursive: true });
  });
});
