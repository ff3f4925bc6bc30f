import { execFileSync } from 'node:child_process';
import { findProgram } from '../servers/available.ts';

/** Whether images can be built here: buildah is installed, and this is root on Linux with unshare and setpriv. */
export const CAN_BUILD =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  ['buildah', 'unshare', 'setpriv'].every((name) => findProgram(name) !== undefined);

/** Runs buildah without a daemon, with a storage that needs no kernel module; returns what it wrote. */
export function buildah(args: readonly string[], { timeout = 600_000 } = {}): string {
  return execFileSync('buildah', args, {
    encoding: 'utf8',
    timeout,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' },
  });
}
