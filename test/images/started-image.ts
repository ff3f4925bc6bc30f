import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '../children.ts';

/** User and group that the manifests run the images as. */
export const USER = 10001;

/** A file system of an image, and the volumes that it shares with others. */
export interface ImageRoot {
  /** Where the image's files are mounted. */
  readonly root: string;
  /** Folders of the host by their path in the container; everything else is read-only but /tmp. */
  readonly volumes: Readonly<Record<string, string>>;
}

/** Makes a folder for a volume as an emptyDir with fsGroup is: the user of the images may write it. */
export function volume(work: string, name: string): string {
  const path = join(work, name);
  mkdirSync(path);
  execFileSync('chown', [`${USER}:${USER}`, path]);
  return path;
}

/**
 * Starts a command in an image as the manifests' security context says: the root read-only, /tmp a memory file system, uid
 * and gid 10001, no capabilities and none to be gained, in mount and process namespaces of its own; the network is the host's.
 */
export function startInImage(
  { root, volumes }: ImageRoot,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const mounts = [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    ...['null', 'zero', 'random', 'urandom'].map(
      (name) => `touch ${root}/dev/${name} && mount --bind /dev/${name} ${root}/dev/${name}`,
    ),
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp`,
    ...Object.entries(volumes).map(([path, folder]) => `mount --bind ${folder} ${root}${path}`),
    `mount -o remount,bind,ro ${root}`,
  ];
  const drop = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'];
  const inside = ['setpriv', ...drop, '--no-new-privs', '--', 'env', '--chdir=/app', ...command];
  const script = [...mounts, `exec chroot ${root} "$@"`].join(' && ');
  // The process is the first of its namespace, as in a container: signals without a handler do nothing to it.
  const args = ['--mount', '--pid', '--fork', '--kill-child', '--', 'sh', '-c', script, 'sh', ...inside];
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return spawn('unshare', args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Sends a signal to the program itself, not to what started it; resolves with its exit code. */
export async function endWith(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  const ended = once(child, 'exit');
  const [program] = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).split('\n');
  process.kill(Number(program), signal);
  const [code] = await ended;
  return code;
}
