import { readFile, stat } from 'node:fs/promises';
import { decodeNodePower, type NodePowerSnapshot } from '../../shared/placement/node-power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { NodePower } from './candidate-table.ts';

/** What a machine draws for a busy core changes over weeks; a look now and then is enough. */
const LOOK_MS = 30_000;

/** Follows the file with the measured power of nodes. Absent, torn or outdated: no node is measured. */
export function watchNodePower(
  file: string,
  { clock, logger }: { clock: Clock; logger: Logger },
): NodePower & AsyncDisposable & { look(): Promise<void> } {
  let snapshot: NodePowerSnapshot | undefined;
  let stamp = '';
  let version = 0;
  const look = async () => {
    const now = await stampOf(file);
    const expired = snapshot !== undefined && clock.now() - snapshot.writtenAt > snapshot.ttlMs;
    if (now === stamp && !expired) return;
    if (now !== stamp) {
      stamp = now;
      snapshot = now === '' ? undefined : decodeNodePower(await readFile(file, 'utf8').catch(() => ''));
      if (now !== '' && snapshot === undefined)
        logger.warn({ file }, 'the file with the power of nodes cannot be read');
    }
    if (snapshot !== undefined && clock.now() - snapshot.writtenAt > snapshot.ttlMs) snapshot = undefined;
    version += 1;
  };
  const looking = startLoop({ name: 'node power file', intervalMs: LOOK_MS, clock, logger, task: look });
  return {
    look,
    wattsPerCore: (node) => snapshot?.wattsPerCore.get(node),
    get version() {
      return version;
    },
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  };
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}
