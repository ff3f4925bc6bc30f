import { readFile } from 'node:fs/promises';
import { decodeNodePower, type NodePowerSnapshot } from '../../shared/placement/node-power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { fileStamp } from '../../shared/runtime/file-stamp.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { NodePower } from './candidate-table.ts';

/** The power of a busy core changes over weeks; seldom polling is enough. */
const POLL_MS = 30_000;

/** Follows the file with the measured power of nodes. While it is absent, torn or outdated, no node is measured. */
export function watchNodePower(
  file: string,
  { clock, logger }: { clock: Clock; logger: Logger },
): NodePower & AsyncDisposable & { refresh(): Promise<void> } {
  let snapshot: NodePowerSnapshot | undefined;
  let stamp: string | undefined;
  let version = 0;
  const refresh = async () => {
    const now = await fileStamp(file);
    const expired = snapshot !== undefined && clock.now() - snapshot.writtenAt > snapshot.ttlMs;
    if (now === stamp && !expired) return;
    if (now !== stamp) {
      stamp = now;
      snapshot = now === undefined ? undefined : decodeNodePower(await readFile(file, 'utf8').catch(() => ''));
      if (now !== undefined && snapshot === undefined)
        logger.warn(
          { code: 'NODE_POWER_INVALID', file },
          'the file with the measured power of nodes cannot be read: nodes are scored by intensity alone',
        );
    }
    if (snapshot !== undefined && clock.now() - snapshot.writtenAt > snapshot.ttlMs) snapshot = undefined;
    version += 1;
  };
  const polling = startLoop({ name: 'node power file', intervalMs: POLL_MS, clock, logger, task: refresh });
  return {
    refresh,
    wattsPerCore: (node) => snapshot?.wattsPerCore.get(node),
    get version() {
      return version;
    },
    [Symbol.asyncDispose]: () => polling[Symbol.asyncDispose](),
  };
}
