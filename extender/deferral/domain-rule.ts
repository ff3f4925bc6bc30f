import type { BoundPods } from './bound-pods.ts';
import type { SchedulableNode } from './node-fit.ts';

/** Which values of a node label other pods leave to a pod. */
export interface DomainRule {
  readonly key: string;
  /** Whether a node without the label is refused. */
  readonly required: boolean;
  /** Undefined: all that are not denied. */
  readonly allowed?: ReadonlySet<string>;
  readonly denied?: ReadonlySet<string>;
}

/** The cluster as rules are made from it. */
export interface PeerCluster {
  readonly pods: BoundPods;
  readonly nodes: ReadonlyMap<string, SchedulableNode>;
  /** Remembers which nodes constraints count, with the place of each. */
  readonly counted: Map<string, ReadonlyMap<string, string>>;
}
