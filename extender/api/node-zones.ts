import { reportedElse, type ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { NodeZoneStore } from '../../shared/records/node-zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';

/** The API thread's knowledge of where nodes stand, or stood. */
export interface NodeZones extends AsyncDisposable {
  /** What the node told last, even if it has left the cluster; else the configuration's; undefined when nobody knows. */
  readonly zoneOf: ZoneOfNode;
  /** Takes what the nodes of the cluster tell now, and remembers it. */
  receive(zones: ReadonlyMap<string, Zone>): Promise<void>;
}

const TRY_AGAIN_MS = 60_000;

/** Starts to remember the zones of nodes. While the store is away what was told serves from memory and is written later. */
export function startNodeZones(options: {
  readonly store: NodeZoneStore;
  readonly configured: ZoneOfNode;
  readonly clock: Clock;
  readonly logger: Logger;
}): NodeZones {
  const { store, configured, clock, logger } = options;
  let remembered: ReadonlyMap<string, Zone> | undefined;
  let unwritten = new Map<string, Zone>();
  const told = new Map<string, Zone>();
  let warned = false;
  const reconcile = async () => {
    if (remembered !== undefined && unwritten.size === 0) return;
    const writing = unwritten;
    unwritten = new Map();
    try {
      if (writing.size > 0) await store.recordNodeZones(writing, clock.now());
      remembered ??= await store.nodeZones();
      warned = false;
    } catch (err) {
      unwritten = new Map([...writing, ...unwritten]);
      if (!warned) logger.warn({ err }, 'the zones of nodes cannot be read or written for now');
      warned = true;
    }
  };
  const trying = startLoop({ name: 'node zones', intervalMs: TRY_AGAIN_MS, clock, logger, task: reconcile });
  return {
    zoneOf: reportedElse((node) => told.get(node) ?? remembered?.get(node), configured),
    async receive(zones) {
      for (const [node, zone] of zones) {
        if (told.get(node) === zone) continue;
        told.set(node, zone);
        unwritten.set(node, zone);
      }
      await reconcile();
    },
    async [Symbol.asyncDispose]() {
      await trying[Symbol.asyncDispose]();
    },
  };
}
