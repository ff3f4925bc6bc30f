import type { Zone } from '../../shared/grid/zones.ts';
import { own } from './label-selector.ts';
import type { SchedulableNode } from './node-fit.ts';
import type { PodPeers } from './pod-peers.ts';

/** How many pods of one kind a place takes. */
export interface PlaceLimit {
  /** Label that says what is one place; undefined: each node is one. */
  readonly key: string | undefined;
  readonly pods: number;
  /** Places are filled evenly, so that they take any number when none of them is elsewhere. */
  readonly isEven: boolean;
}

/** The limits that pods of one kind set each other; `selects` says whether the pod itself is meant. */
export function limitsOf(
  { antiAffinity, spread, hostPorts }: PodPeers,
  selects: {
    readonly term: (term: PodPeers['antiAffinity'][number]) => boolean;
    readonly constraint: (constraint: PodPeers['spread'][number]) => boolean;
  },
): PlaceLimit[] {
  return [
    ...antiAffinity.filter(selects.term).map(({ topologyKey: key }) => ({ key, pods: 1, isEven: false })),
    ...spread.filter(selects.constraint).map(({ topologyKey: key, maxSkew: pods }) => ({ key, pods, isEven: true })),
    ...(hostPorts.length > 0 ? [{ key: undefined, pods: 1, isEven: false }] : []),
  ];
}

/** The least number of such pods that a zone takes at the same time, of the zones of some nodes. */
export function podsPerZone(
  limits: readonly PlaceLimit[],
  nodes: readonly SchedulableNode[],
  zoneOf: (node: string) => Zone | undefined,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { key, pods, isEven } of limits) {
    const all = new Set<string>();
    const byZone = new Map<Zone | undefined, Set<string>>();
    for (const node of nodes) {
      const place = key === undefined ? node.name : own(node.labels, key);
      if (place === undefined) continue;
      const places = byZone.get(zoneOf(node.name)) ?? new Set();
      byZone.set(zoneOf(node.name), places.add(place));
      all.add(place);
    }
    for (const places of byZone.values())
      if (!isEven || places.size < all.size) least = Math.min(least, places.size * pods);
  }
  return least;
}
