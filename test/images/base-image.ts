import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, lstatSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findProgram } from '../servers/available.ts';
import { buildah } from './buildah.ts';

/** The base that the Dockerfiles name. */
export const REAL_BASE = 'docker.io/library/node:24-slim';
/** Time for pulling it, in milliseconds: a machine without the registry is found out by then. */
const PULL_MS = 60_000;
/** Packages of Debian beside the essential ones that Node and npm need. */
const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1', 'ca-certificates', 'libssl3', 'openssl'];

/** A base image to build from, and whether it is the real one. */
export interface BaseImage {
  readonly name: string;
  readonly isReal: boolean;
}

/** The real base where it can be pulled, otherwise Debian's essential packages of this machine with this Node and npm. */
export function baseImage(work: string): BaseImage {
  try {
    buildah(['pull', '--quiet', REAL_BASE], { timeout: PULL_MS });
    return { name: REAL_BASE, isReal: true };
  } catch {
    return { name: standIn(work), isReal: false };
  }
}

function standIn(work: string): string {
  const root = join(work, 'base');
  mkdirSync(root);
  const list = join(work, 'base.list');
  writeFileSync(list, `${[...new Set(packageFiles())].join('\n')}\n`);
  const copied = `tar --create --directory=/ --no-recursion --files-from=${list} | tar --extract --directory=${root}`;
  execFileSync('bash', ['-o', 'pipefail', '-c', copied]);
  installNode(root);
  configureNpm(root);
  const container = buildah(['from', 'scratch']).trim();
  buildah(['add', '--quiet', container, root, '/']);
  buildah(['config', '--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', container]);
  buildah(['commit', '--quiet', '--rm', container, 'localhost/node-stand-in']);
  return 'localhost/node-stand-in';
}

/** Files of Debian's essential packages, what they depend on, and those that Node needs, relative to the root. */
function packageFiles(): string[] {
  const query = (format: string, ...names: string[]) =>
    execFileSync('dpkg-query', ['--show', `--showformat=${format}`, ...names], { encoding: 'utf8' });
  const essential = query(`\${Package} \${Essential}\n`)
    .split('\n')
    .filter((line) => line.endsWith(' yes'))
    .map((line) => line.slice(0, -4));
  const needed = query(`\${Pre-Depends}, `, ...essential)
    .split(',')
    .map((text) => text.trim().split(/[ :]/)[0] ?? '')
    .filter(Boolean);
  const installed = [...essential, ...needed, ...PACKAGES].filter((name) => isInstalled(name));
  return execFileSync('dpkg-query', ['--listfiles', ...new Set(installed)], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path.startsWith('/') && path !== '/.' && !/^\/usr\/share\/(doc|man|locale|info)\//.test(path))
    .flatMap(withFolders)
    .concat(
      'usr/bin',
      'bin',
      'lib',
      'lib64',
      'sbin',
      'tmp',
      'etc',
      'etc/passwd',
      'etc/group',
      'etc/ssl/certs/ca-certificates.crt',
    )
    .filter((path) => existsSync(`/${path}`));
}

function isInstalled(name: string): boolean {
  try {
    execFileSync('dpkg-query', ['--status', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A file where it really is (/bin is a link to /usr/bin), after the folders that it is in. */
function withFolders(path: string): string[] {
  if (!existsSync(path)) return [];
  const folder = realpathSync(dirname(path));
  const real = join(folder, basename(path));
  const above = folder.split('/').flatMap((_, index, all) => all.slice(1, index + 1).join('/') || []);
  return [...above, ...(lstatSync(real, { throwIfNoEntry: false }) ? [real.slice(1)] : [])];
}

function installNode(root: string): void {
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    execFileSync('cp', ['--archive', '--dereference', from, join(root, to)]);
  };
  copy(process.execPath, 'usr/local/bin/node');
  copy(npmFolder(), 'usr/local/lib/node_modules/npm');
  execFileSync('ln', ['-sf', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
}

/** npm of the stand-in finds its registry as npm of this machine does. */
function configureNpm(root: string): void {
  const get = (name: string) => execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
  const lines = [`registry=${get('registry')}`];
  const cafile = [get('cafile'), process.env.NODE_EXTRA_CA_CERTS ?? ''].find((file) => existsSync(file));
  if (cafile !== undefined) {
    copyFileSync(cafile, join(root, 'etc/npm-ca.pem'));
    lines.push('cafile=/etc/npm-ca.pem');
  }
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `${lines.join('\n')}\n`);
}

/** The npm of this machine: its program is a link into its package. */
function npmFolder(): string {
  return dirname(dirname(realpathSync(findProgram('npm') ?? 'npm')));
}
