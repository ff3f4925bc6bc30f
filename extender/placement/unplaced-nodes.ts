import type { Logger } from '../../shared/runtime/logger.ts';

/** Nodes that no rule gives a zone. */
export interface UnplacedNodes {
  note(names: readonly string[]): void;
}

/** More names than the largest cluster has; beyond it the oldest may be named again. */
const MAX_NAMES = 20_000;
const MAX_LOGGED = 50;

/** Counts each node without a zone once and names it once in the log; those that are found together in one line. */
export function createUnplacedNodes(told: { logger: Logger; count: (nodes: number) => void }): UnplacedNodes {
  const known = new Set<string>();
  return {
    note(names) {
      const fresh = names.filter((name) => !known.has(name));
      if (fresh.length === 0) return;
      if (known.size + fresh.length > MAX_NAMES) known.clear();
      for (const name of fresh) known.add(name);
      told.count(fresh.length);
      told.logger.warn(
        { nodes: fresh.slice(0, MAX_LOGGED), count: fresh.length },
        'nodes without a known grid zone: they are neither preferred nor avoided',
      );
    },
  };
}
