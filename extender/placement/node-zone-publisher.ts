import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { WatchedNodes } from './nodes.ts';
import type { NodeZonesMessage } from './placement-link.ts';

const LOOK_MS = 5_000;
/** Told again without a change, because an API thread that died heard nothing. */
const AGAIN_MS = 300_000;

/** Tells the API thread where nodes stand, when that changed; it remembers them for the time after they are gone. */
export function publishNodeZones(
  nodes: Pick<WatchedNodes, 'told' | 'version' | 'ageMs'>,
  post: (message: NodeZonesMessage) => boolean,
  { clock, logger }: { clock: Clock; logger: Logger },
): AsyncDisposable {
  let last: { readonly version: number; readonly at: number } | undefined;
  const look = async () => {
    const { version } = nodes;
    const at = clock.monotonic();
    if (nodes.ageMs() === undefined || (last?.version === version && at - last.at < AGAIN_MS)) return;
    if (post({ kind: 'node-zones', zones: new Map(nodes.told()) })) last = { version, at };
  };
  return startLoop({ name: 'node zones', intervalMs: LOOK_MS, clock, logger, task: look });
}
