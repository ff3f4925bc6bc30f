import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { WatchedNodes } from './nodes.ts';
import type { NodeZonesMessage } from './placement-link.ts';

const INTERVAL_MS = 5_000;
/** Published again without a change, because a restarted API thread has received nothing. */
const REPEAT_MS = 300_000;

/** Publishes the zones of nodes to the API thread when they change; it remembers them for the time after the nodes are gone. */
export function publishNodeZones(
  nodes: Pick<WatchedNodes, 'labelled' | 'version' | 'ageMs'>,
  post: (message: NodeZonesMessage) => boolean,
  { clock, logger }: { clock: Clock; logger: Logger },
): AsyncDisposable {
  let last: { readonly version: number; readonly at: number } | undefined;
  const publish = async () => {
    const { version } = nodes;
    const at = clock.monotonic();
    if (nodes.ageMs() === undefined || (last?.version === version && at - last.at < REPEAT_MS)) return;
    if (post({ kind: 'node-zones', zones: new Map(nodes.labelled()) })) last = { version, at };
  };
  return startLoop({ name: 'node zones', intervalMs: INTERVAL_MS, clock, logger, task: publish });
}
