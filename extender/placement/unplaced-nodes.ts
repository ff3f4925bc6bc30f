import type { Logger } from '../../shared/runtime/logger.ts';

/** Nodes whose zone is not known. */
export interface UnplacedNodes {
  note(names: readonly string[]): void;
}

/** More names than the largest cluster has; beyond it names may be logged and counted again. */
const MAX_NAMES = 20_000;
const MAX_LOGGED = 50;

/** Counts and logs each node without a zone once; those that are found together in one log line. */
export function createUnplacedNodes(reports: { logger: Logger; count: (nodes: number) => void }): UnplacedNodes {
  const known = new Set<string>();
  return {
    note(names) {
      const fresh = names.filter((name) => !known.has(name));
      if (fresh.length === 0) return;
      if (known.size + fresh.length > MAX_NAMES) known.clear();
      for (const name of fresh) known.add(name);
      reports.count(fresh.length);
      reports.logger.warn(
        { code: 'NODE_ZONES_UNKNOWN', nodes: fresh.slice(0, MAX_LOGGED), count: fresh.length },
        'the grid zone of some nodes is not known: they are neither preferred nor avoided',
      );
    },
  };
}
