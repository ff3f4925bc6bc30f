// Flow: the Dockerfiles: what they copy, who they run as, what they start.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXTENDER_COMMAND_LINE } from '../../extender/command-line.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { POLLER_COMMAND_LINE } from '../../poller/command-line.ts';
import { importsOf, productSources, ROOT, sourcesIn } from '../laws/sources.ts';
import { ANTICIPATED } from './anticipated.ts';
import { everyPod, programOf } from './objects.ts';

const COMMAND_LINES = [POLLER_COMMAND_LINE, EXTENDER_COMMAND_LINE];
const PROGRAMS = ['poller', 'extender'] as const;
const sources = new Map(
  [...productSources(), ...sourcesIn(['shared', 'extender'], '.js')].map((file) => [file.path, file]),
);
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.each(PROGRAMS)('Dockerfile.%s', (program) => {
  const text = readFileSync(join(ROOT, `Dockerfile.${program}`), 'utf8').replaceAll('\\\n', ' ');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
  const copied = lines
    .filter((line) => line.startsWith('COPY') && !line.includes('--from'))
    .flatMap((line) =>
      line
        .split(/\s+/)
        .filter((word) => !word.startsWith('--'))
        .slice(1, -1),
    );

  it('copies files that exist and that .dockerignore lets in', () => {
    const let_in = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');

    expect(copied.length).toBeGreaterThan(4);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(copied.filter((path) => !let_in.includes(`!${path}`))).toEqual([]);
  });

  it('copies every file and installs every package that the program and the CLI reach', () => {
    const { files, packages } = reach([`${program}/main.ts`, 'cli/main.ts', 'cli/run.ts']);
    const left = files.filter((file) => !copied.some((path) => file === path || file.startsWith(`${path}/`)));

    expect(files.length).toBeGreaterThan(20);
    expect(left).toEqual([]);
    expect(packages.filter((name) => !(name in packageJson.dependencies))).toEqual([]);
    expect(text).toContain('npm ci --omit=dev --omit=optional');
  });

  it('holds a program that starts from what was copied alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'image-'));
    folders.push(folder);
    for (const path of copied.filter((path) => !path.startsWith('package-lock') && path !== '.npmrc')) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, env: {}, encoding: 'utf8' });

    expect(JSON.parse(run(`${program}/main.ts`, '--check-config'))).toHaveProperty('LOG_LEVEL', 'info');
    expect(run('cli/main.ts', '--version').trim()).toBe(packageJson.version);
  });

  it('ends as the shared user, with a health check, labels and the ports of the program', () => {
    expect(last.filter((line) => line.startsWith('USER'))).toEqual(['USER 10001:10001']);
    expect(last.some((line) => line.startsWith('HEALTHCHECK'))).toBe(true);
    expect(last.find((line) => line.startsWith('EXPOSE'))).toBe(
      program === 'poller' ? 'EXPOSE 8889' : 'EXPOSE 8888 5001',
    );
    expect(last.find((line) => line.startsWith('LABEL'))).toContain('org.opencontainers.image.licenses="Apache-2.0"');
    expect(text).toContain(`ARG VERSION=${packageJson.version}`);
    expect(last.filter((line) => /^(ENTRYPOINT|CMD)/.test(line))).toEqual([
      'ENTRYPOINT ["node"]',
      `CMD ["${program}/main.ts"]`,
    ]);
  });

  it('puts no secret into a layer', () => {
    expect(lines.filter((line) => /^(ARG|ENV)\b.*(KEY|TOKEN|PASSWORD|SECRET|DSN)/i.test(line))).toEqual([]);
  });
});

describe('containers that start a program with arguments', () => {
  const started = everyPod().flatMap(({ where, spec }) =>
    spec.containers
      .filter((container) => programOf(container) !== undefined && container.args?.[0]?.endsWith('.ts'))
      .map(({ args = [], image }) => ({ where, image, args })),
  );

  it('name an entry that the image has and flags that the entry knows', () => {
    const unknown = started.flatMap(({ where, args: [entry = '', ...flags] }) =>
      flags
        .filter((flag) => !ANTICIPATED.flags.includes(`${entry} ${flag}`))
        .filter((flag) => !COMMAND_LINES.some(({ file, modes }) => file === entry && flag.slice(2) in modes))
        .map((flag) => `${where}: ${entry} ${flag}`),
    );

    expect(started.length).toBeGreaterThan(20);
    expect(started.filter(({ args: [entry = ''] }) => !existsSync(join(ROOT, entry)))).toEqual([]);
    expect(unknown).toEqual([]);
  });
});

/** Every source file that some entries import, with the packages; files that are named by import.meta are found by their folder. */
function reach(entries: readonly string[]): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    const source = sources.get(path);
    if (source === undefined) continue;
    for (const written of importsOf(source)) {
      if (written.startsWith('.')) waiting.push(posix.normalize(posix.join(posix.dirname(path), written)));
      else if (!isBuiltin(written)) packages.add(packageOf(written));
    }
    for (const [, named] of source.text.matchAll(/import\.meta\.(?:dirname|url)[^'"\n]*['"]([./][^'"]*)['"]/g))
      waiting.push(posix.normalize(posix.join(posix.dirname(path), named ?? '')));
  }
  return { files: [...files].filter((path) => path !== '.' && existsSync(join(ROOT, path))), packages: [...packages] };
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
