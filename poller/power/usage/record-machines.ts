import type { NodeMachineStore } from '../../../shared/records/node-machines.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { NodeSource, UsageNode } from './nodes.ts';

/** Keeps what machines the nodes of a source are, whenever that changes: for their PUE and the making of them. */
export function recordingMachines(
  nodes: NodeSource,
  store: Pick<NodeMachineStore, 'recordNodeMachines'>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): NodeSource {
  const recorded = new Map<string, string>();
  let last: readonly UsageNode[] | undefined;
  let failing = false;
  return async () => {
    const found = await nodes();
    if (found === last) return found;
    const changed = found.filter(({ name, facts }) => recorded.get(name) !== JSON.stringify(facts));
    try {
      if (changed.length > 0)
        await store.recordNodeMachines(new Map(changed.map(({ name, facts }) => [name, facts])), clock.now());
      for (const { name, facts } of changed) recorded.set(name, JSON.stringify(facts));
      last = found;
      failing = false;
    } catch (err) {
      if (!failing)
        logger.warn({ code: 'NODE_MACHINES_NOT_STORED', err }, 'could not store the machine types of the nodes');
      failing = true;
    }
    return found;
  };
}
