import { reportedElse, type ZoneOfNode } from '../../shared/grid/zone-of-node.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { NodeZoneStore } from '../../shared/records/node-zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { EXTENDER_ERRORS } from '../errors.ts';

/** The zones of nodes, those that left the cluster included. */
export interface NodeZones extends AsyncDisposable {
  /** The zone that a node's object had last, even if it has left the cluster; else the configuration's; undefined when unknown. */
  readonly zoneOf: ZoneOfNode;
  /** Takes the present zones of the cluster's nodes, and stores them. */
  receive(zones: ReadonlyMap<string, Zone>): Promise<void>;
}

const TRY_AGAIN_MS = 60_000;

/** Starts to store the zones of nodes. While the store is not available they serve from memory and are written later. */
export function startNodeZones(options: {
  readonly store: NodeZoneStore;
  readonly configured: ZoneOfNode;
  readonly clock: Clock;
  readonly logger: Logger;
}): NodeZones {
  const { store, configured, clock, logger } = options;
  let remembered: ReadonlyMap<string, Zone> | undefined;
  let unwritten = new Map<string, Zone>();
  const current = new Map<string, Zone>();
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
      if (!warned) logger.warn({ code: 'NODE_ZONES_NOT_STORED', err }, EXTENDER_ERRORS.NODE_ZONES_NOT_STORED.message);
      warned = true;
    }
  };
  const trying = startLoop({ name: 'node zones', intervalMs: TRY_AGAIN_MS, clock, logger, task: reconcile });
  return {
    zoneOf: reportedElse((node) => current.get(node) ?? remembered?.get(node), configured),
    async receive(zones) {
      for (const [node, zone] of zones) {
        if (current.get(node) === zone) continue;
        current.set(node, zone);
        unwritten.set(node, zone);
      }
      await reconcile();
    },
    async [Symbol.asyncDispose]() {
      await trying[Symbol.asyncDispose]();
    },
  };
}
