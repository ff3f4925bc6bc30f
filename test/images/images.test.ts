// Flow: both images, built from their Dockerfiles and started as the manifests do.
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '../laws/sources.ts';
import { available } from '../servers/available.ts';
import { type BaseImage, baseImage } from './base-image.ts';
import { buildah, CAN_BUILD } from './buildah.ts';
import { endWith, type ImageRoot, startInImage, volume } from './started-image.ts';

const HAS_BUILDAH = available('buildah', 'install buildah (Debian: apt-get install buildah) and run as root');
/** Largest size of what an image adds to its base, in MB. */
const MOST_MB = 120;
const PORTS = { POLLER_PORT: '28889', EXTENDER_PORT: '28888', API_PORT: '25001' };

describe.skipIf(!(HAS_BUILDAH && CAN_BUILD))('the images', () => {
  const work = mkdtempSync(join(tmpdir(), 'images-'));
  const built: Record<string, ImageRoot> = {};
  const containers: string[] = [];
  let base: BaseImage;
  beforeAll(() => {
    base = baseImage(work);
    const volumes = { '/cache': volume(work, 'cache'), '/data': volume(work, 'data') };
    copyFileSync(join(ROOT, 'shared/data/trace-2021.csv.gz'), join(volumes['/data'], 'trace.csv.gz'));
    for (const program of ['poller', 'extender']) {
      build(program);
      const container = buildah(['from', `localhost/test-${program}`]).trim();
      containers.push(container);
      built[program] = { root: buildah(['mount', container]).trim(), volumes };
    }
  });
  afterAll(() => {
    if (containers.length > 0) buildah(['rm', ...containers]);
    rmSync(work, { recursive: true, force: true });
  });

  function build(program: string): void {
    buildah([
      ...[
        'build',
        '--quiet',
        '--format',
        'docker',
        '--file',
        join(ROOT, `Dockerfile.${program}`),
        '--tag',
        `localhost/test-${program}`,
      ],
      ...['--build-arg', `NODE_IMAGE=${base.name}`],
      ROOT,
    ]);
  }

  const image = (program: string): ImageRoot => {
    const found = built[program];
    if (found === undefined) throw new Error(`${program} was not built`);
    return found;
  };
  const run = async (program: string, command: readonly string[], env: Record<string, string> = {}) => {
    const { stdout, stderr } = startInImage(image(program), command, env);
    return (await Promise.all([stdout, stderr].map((stream) => (stream ? text(stream) : '')))).join('');
  };

  it('are small', () => {
    for (const program of ['poller', 'extender']) {
      const [{ size: whole }, { size: below }] = [`localhost/test-${program}`, base.name].map(
        (name) => JSON.parse(buildah(['images', '--json', name]))[0],
      );
      console.log(`${program}: ${whole} in all, on a base of ${below} (${base.isReal ? base.name : 'a stand-in'})`);
      expect(Number.parseFloat(whole) - Number.parseFloat(below)).toBeLessThan(MOST_MB);
    }
  });

  it.each(['poller', 'extender'])(
    '%s holds the program and its command line, and no package manager',
    async (program) => {
      const config = JSON.parse(await run(program, ['node', `${program}/main.ts`, '--check-config']));

      expect(config).toHaveProperty('LOG_LEVEL', 'info');
      expect((await run(program, ['carbon', '--version'])).trim()).toBe(packageJson.version);
      expect(await run(program, ['sh', '-c', 'command -v npm npx yarn corepack; true'])).toBe('');
    },
  );

  it.each(['poller', 'extender'])('%s may write its volumes and /tmp, and nothing else', async (program) => {
    const list = `find / -xdev -writable -not -path '/proc/*' -not -path '/dev/*' -not -path '/tmp' -not -type l 2> /dev/null; true`;
    const writable = await run(program, ['sh', '-c', list]);
    const identity = await run(program, ['sh', '-c', 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status']);

    expect(writable.split('\n').filter(Boolean).sort()).toEqual(['/cache', '/data']);
    expect(identity).toMatch(/^10001\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\n$/);
    expect(await run(program, ['sh', '-c', 'touch /cache/a /data/a /tmp/a && rm /cache/a /data/a && echo yes'])).toBe(
      'yes\n',
    );
  });

  it('work together over their volumes, pass their health checks, and end on SIGTERM', async () => {
    const poller = startInImage(image('poller'), ['node', 'poller/main.ts'], {
      ...{ ...PORTS, POLLER_TASKS: 'grid', ZONES: 'DE,ES', REPLAY_TRACE: '/data/trace.csv.gz' },
    });
    const extender = startInImage(image('extender'), ['node', 'extender/main.ts'], {
      ...{ ...PORTS, ZONE_MAP: 'a=DE,b=ES', DEFERRAL: 'off' },
    });
    const logs = [output(poller), output(extender)];

    for (const port of Object.values(PORTS))
      await expect.poll(() => status(port, '/readyz'), { timeout: 60_000 }).toBe(200);
    const body = JSON.stringify({
      Pod: { metadata: { name: 'p', namespace: 'n' } },
      Nodes: null,
      NodeNames: ['a', 'b'],
    });
    const scores = await fetch(`http://127.0.0.1:${PORTS.EXTENDER_PORT}/prioritize`, {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body },
    }).then((response) => response.json());
    const checks = await Promise.all([healthCheck('poller'), healthCheck('extender')]);
    const codes = [await endWith(extender, 'SIGTERM'), await endWith(poller, 'SIGTERM')];

    expect(scores).toMatchObject([{ Host: 'a' }, { Host: 'b' }]);
    expect(checks).toEqual(['healthy\n', 'healthy\n']);
    expect(codes).toEqual([0, 0]);
    for (const log of logs) expect(await log).not.toMatch(/"level":"error"|EROFS|EACCES/);
  });

  /** The command of HEALTHCHECK, as the image's configuration has it. */
  function healthCheck(program: string): Promise<string> {
    const { Docker } = JSON.parse(buildah(['inspect', '--type', 'image', `localhost/test-${program}`]));
    // CMD-SHELL with a line, or CMD with the words of a command.
    const [form, ...command]: string[] = Docker.config.Healthcheck.Test;
    if (form === 'CMD-SHELL') command.unshift('sh', '-c');
    return run(program, ['sh', '-c', '"$@" && echo healthy', 'sh', ...command], PORTS);
  }
});

function output({ stdout, stderr }: ChildProcess): Promise<string> {
  return Promise.all([stdout, stderr].map((stream) => (stream ? text(stream) : ''))).then((all) => all.join(''));
}

function status(port: string, path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    (response) => response.status,
    () => 0,
  );
}
