import writeFileAtomic from 'write-file-atomic';
import type { Watts } from '../../shared/grid/units.ts';
import { encodeNodePower } from '../../shared/placement/node-power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { NODE_POWER_TTL_MS } from './node-power-meter.ts';

const BETWEEN_WRITES_MS = 60_000;

/**
 * Makes the writer of the file with the measured power of nodes: at most once a minute, whole, by rename. While nothing
 * is measured nothing is written, so that after a restart the last file serves until it expires.
 */
export function nodePowerWriter(file: string, { clock, logger }: { clock: Clock; logger: Logger }) {
  let written: number | undefined;
  let failing = false;
  return async (wattsPerCore: ReadonlyMap<string, Watts>): Promise<void> => {
    const now = clock.monotonic();
    if (wattsPerCore.size === 0 || (written !== undefined && now - written < BETWEEN_WRITES_MS)) return;
    written = now;
    const text = encodeNodePower({ writtenAt: clock.now(), ttlMs: NODE_POWER_TTL_MS, wattsPerCore });
    try {
      // World-readable: the extender may run under another uid.
      await writeFileAtomic(file, text, { mode: 0o644, fsync: false });
      failing = false;
    } catch (err) {
      if (!failing)
        logger.warn(
          { code: 'NODE_POWER_NOT_WRITTEN', file, err },
          'could not write the measured power of nodes; scores use the last file until it expires',
        );
      failing = true;
    }
  };
}
