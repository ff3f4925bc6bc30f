import type { Zone } from '../../shared/grid/zones.ts';
import type { BoundPods, PodIdentity } from './bound-pods.ts';
import { matchesLabels } from './label-selector.ts';
import { countZones, fitsNode, type SchedulableNode } from './node-fit.ts';
import type { NodeRequests } from './node-requests.ts';
import { allowsNode, keyOfRules, type PeerRules, peerRulesOf } from './peer-rules.ts';
import type { PodRequirements } from './pod-requirements.ts';
import { limitsOf, podsPerZone } from './pods-per-zone.ts';
import type { Space } from './space.ts';
import { ANY_ZONE } from './waiting-work.ts';

/** Zones of the nodes that a pod can use. */
export interface UsableZones {
  /** Usable nodes by zone. */
  readonly zones: ReadonlyMap<Zone, number>;
  /** Usable nodes whose zone is not known. */
  readonly unknown: number;
  /** One of the zones does not take all pods that start together, by their rules about each other. */
  readonly isSplit?: boolean;
  /** What is free on the usable nodes of each zone, and of all of them under {@link ANY_ZONE}; undefined until the pods on them are known. */
  readonly spaces: ReadonlyMap<Zone, Space> | undefined;
}

/** Finds the zones that pods can use, with the nodes and pods of one moment. */
export interface ZoneFinder {
  zonesFor(pod: PodRequirements, self: PodIdentity): UsableZones;
}

/** What the zones of pods follow from. */
export interface ZoneFinderOptions {
  readonly nodes: ReadonlyMap<string, SchedulableNode>;
  readonly zoneOf: (node: string) => Zone | undefined;
  readonly use: Pick<NodeRequests, 'of' | 'pods'>;
}

/** Requirements that are remembered at a time; pods of one template share theirs. */
const MOST_REMEMBERED = 1_000;
/** Many pods are told apart by what their rules select, and have the same rules all the same. */
const MOST_RULES = 20_000;

/** Creates a finder. Pods without rules about others, and about which others have none, cost no look at those. */
export function createZoneFinder(options: ZoneFinderOptions): ZoneFinder {
  const { nodes, zoneOf, use } = options;
  const pods = use.pods();
  const remembered = new Map<string, { readonly zones: UsableZones; readonly usable: readonly SchedulableNode[] }>();
  const pools = new Map<string, string>();
  const rulesFor = createRuleMemory(nodes, pods);
  const leasts = new Map<string, number>();
  const remember = (key: string, pod: PodRequirements, rules: PeerRules | undefined) => {
    const usable = [...nodes.values()].filter(
      (node) => fitsNode(pod, node) && (rules === undefined || allowsNode(rules, node)),
    );
    const counts = new Map(countZones(usable, zoneOf));
    const unknown = counts.get(undefined) ?? 0;
    counts.delete(undefined);
    const spaces = spacesOf(usable, { zoneOf, use, pools });
    const result = { usable, zones: { zones: counts as Map<Zone, number>, unknown, spaces } };
    if (remembered.size >= MOST_REMEMBERED) {
      remembered.clear();
      leasts.clear();
    }
    remembered.set(key, result);
    return result;
  };
  return {
    zonesFor(pod, self) {
      const found = rulesFor(pod, self);
      // Rules of which nothing came must not tell pods apart.
      const isPlain = pod.peers === undefined && found === undefined;
      const key = JSON.stringify(isPlain ? pod : { ...pod, peers: found?.key });
      const { zones, usable } = remembered.get(key) ?? remember(key, pod, found?.rules);
      const { together = 1 } = self;
      if (pods === undefined || pod.peers === undefined || together === 1) return zones;
      const limits = limitsOf(pod.peers, {
        term: (term) => pods.selects(term, self.namespace, self),
        constraint: ({ selector }) => matchesLabels(selector, self.labels),
      });
      const memory = JSON.stringify(limits) + key;
      const least = leasts.get(memory) ?? podsPerZone(limits, usable, zoneOf);
      leasts.set(memory, least);
      return least < together ? { ...zones, isSplit: true } : zones;
    },
  };
}

/** Works out the rules for each pod once; undefined where nothing depends on other pods. */
function createRuleMemory(nodes: ReadonlyMap<string, SchedulableNode>, pods: BoundPods | undefined) {
  const rulesMemory = new Map<string, { readonly key: string; readonly rules: PeerRules }>();
  const counted = new Map<string, ReadonlyMap<string, string>>();
  return (pod: PodRequirements, self: PodIdentity) => {
    if (pods === undefined) return undefined;
    const repelling = pods.repelling(self);
    if (pod.peers === undefined && repelling.length === 0) return undefined;
    const key = JSON.stringify([pod, ...identityOf(pod, self, pods), repelling.map(({ id }) => id)]);
    const known = rulesMemory.get(key);
    if (known) return known;
    const rules = peerRulesOf(pod, self, repelling, { pods, nodes, counted });
    if (rulesMemory.size >= MOST_RULES) rulesMemory.clear();
    const found = { key: keyOfRules(rules), rules };
    rulesMemory.set(key, found);
    return found;
  };
}

/** What of a pod decides about its rules beside what it requires. */
function identityOf({ peers }: PodRequirements, self: PodIdentity, pods: BoundPods): unknown[] {
  const isSelected = [
    ...(peers?.affinity ?? []).map((term) => pods.selects(term, self.namespace, self)),
    ...(peers?.spread ?? []).map(({ selector }) => matchesLabels(selector, self.labels)),
  ];
  return [self.namespace, isSelected, self.uid !== undefined && pods.runs(self.uid) ? self.uid : ''];
}

function spacesOf(
  usable: readonly SchedulableNode[],
  options: { zoneOf: (node: string) => Zone | undefined; use: Pick<NodeRequests, 'of'>; pools: Map<string, string> },
): ReadonlyMap<Zone, Space> | undefined {
  const { zoneOf, use, pools } = options;
  const spaces = new Map<Zone, { names: string[]; free: Record<string, number> }>();
  for (const node of usable) {
    const used = use.of(node.name);
    if (used === undefined) return undefined;
    for (const zone of [zoneOf(node.name), ANY_ZONE]) {
      if (zone === undefined) continue;
      const space = spaces.get(zone) ?? { names: [], free: {} };
      spaces.set(zone, space);
      space.names.push(node.name);
      for (const [name, amount] of Object.entries(node.allocatable))
        space.free[name] = (space.free[name] ?? 0) + Math.max(0, amount - (used[name] ?? 0));
    }
  }
  // Pods that can use the same nodes share them, whatever else they require.
  return new Map(
    [...spaces].map(([zone, { names, free }]) => {
      const nodes = names.join(' ');
      const pool = pools.get(nodes) ?? `nodes ${pools.size}`;
      pools.set(nodes, pool);
      return [zone, { pool, free }];
    }),
  );
}
