import type { CacheState, CarbonSnapshot } from '../../shared/grid/carbon-cache.ts';
import type { GramsPerKwh, Watts } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { relativePowers } from '../../shared/placement/score.ts';
import { type NodeDirectory, type NodeFacts, zoneOfNode } from './nodes.ts';

/** Why no candidate can be preferred: the cache file is too old, not there, or holds the intensity of no candidate. */
export type SignalLoss = 'stale' | 'missing' | 'unknown';

/** Measured power of nodes; undefined for a node that is not measured. */
export interface NodePower {
  /** Watts per busy core of the node, its share of the idle power included. */
  wattsPerCore(node: string): Watts | undefined;
  /** Changes whenever a result of `wattsPerCore` may have changed. */
  readonly version: number;
}

/** The power of nodes where none is measured. */
export const NO_POWER: NodePower = { version: 0, wattsPerCore: () => undefined };

/** One node that a pod may be placed on, with what is known of it; undefined is not known. */
export interface CandidateNode {
  readonly name: string;
  readonly zone: Zone | undefined;
  /** Only an intensity that may be compared: of a fresh document, and of the majority signal. */
  readonly intensity: GramsPerKwh | undefined;
  readonly watts: Watts | undefined;
}

/** What is known of all nodes at one moment. A request that comes while nothing has changed gets the same view. */
export interface NodeView {
  readonly kind: CacheState['kind'];
  /** The fresh document that intensities are taken from; undefined without one. */
  readonly snapshot: CarbonSnapshot | undefined;
  /** Looks a node up; the result may be kept as long as the view is the current one. All nodes of a zone have one intensity. */
  candidate(node: NodeFacts): CandidateNode;
}

/** The candidates of one request, in its order. */
export interface Candidates {
  readonly count: number;
  /** Candidates of one intensity are a group: the group of each, by its number. */
  readonly groups: Uint16Array;
  /** The intensity of each group; NaN where it is not known. */
  readonly intensities: readonly number[];
  /** How many have no known zone. */
  readonly unplaced: number;
  /** Whether the power of any may be known. */
  readonly measured: boolean;
  /** Put together anew at each call: most requests need no more than the numbers above. */
  nodes(): readonly CandidateNode[];
  /** The same for later, in as little memory as they can be kept in. To be called before the next request is read. */
  keep(): KeptCandidates;
}

/** Candidates of an earlier request. */
export interface KeptCandidates {
  /** About how much memory they take by themselves, in bytes. */
  readonly bytes: number;
  /** What they share with those of all other requests of their view. */
  readonly sharedBytes: number;
  nodes(): readonly CandidateNode[];
}

/** A candidate's row and the reference to it. */
export const ROW_BYTES = 88;

/** Candidates whose rows belong to their request alone. */
export function ownCandidates(nodes: readonly CandidateNode[]): Candidates {
  const groups = new Uint16Array(nodes.length);
  const intensities: number[] = [];
  const groupOf = new Map<number | undefined, number>();
  for (const [index, { intensity }] of nodes.entries()) {
    const group = groupOf.get(intensity) ?? intensities.push(intensity ?? Number.NaN) - 1;
    groupOf.set(intensity, group);
    groups[index] = group;
  }
  return {
    ...{ count: nodes.length, groups, intensities },
    unplaced: nodes.filter(({ zone }) => zone === undefined).length,
    measured: nodes.some(({ watts }) => watts !== undefined),
    nodes: () => nodes,
    keep: () => ({ bytes: nodes.length * ROW_BYTES, sharedBytes: 0, nodes: () => nodes }),
  };
}

/** What is known of the candidates of one request, in its order. */
export interface CandidateTable {
  readonly candidates: Candidates;
  /** How many candidates each group has. */
  readonly groupSizes: readonly number[];
  /** Power relative to the candidates' median; undefined when fewer than two of them are measured. */
  readonly relativePowers: readonly (number | undefined)[] | undefined;
  /** Undefined while the intensity of at least one candidate is known. */
  readonly loss: SignalLoss | undefined;
  readonly view: NodeView;
}

/** What views are made from. */
export interface NodeViewSources {
  readonly directory: NodeDirectory;
  readonly power: NodePower;
}

/** Makes views: a new one whenever the document, its freshness, a zone or a power may have changed. */
export function createNodeViews({ directory, power }: NodeViewSources): (state: CacheState) => NodeView {
  let last: { readonly view: NodeView; readonly directory: number; readonly power: number } | undefined;
  return (state) => {
    const { kind } = state;
    const snapshot = kind === 'fresh' ? state.snapshot : undefined;
    const isSame = last?.view.kind === kind && last.view.snapshot === snapshot;
    if (isSame && last?.directory === directory.version && last.power === power.version) return last.view;
    const intensities = snapshot && rankedIntensities(snapshot);
    const view: NodeView = {
      kind,
      snapshot,
      candidate(node) {
        const zone = zoneOfNode(node, directory);
        const intensity = zone === undefined ? undefined : intensities?.get(zone);
        return { name: node.name, zone, intensity, watts: power.wattsPerCore(node.name) };
      },
    };
    last = { view, directory: directory.version, power: power.version };
    return view;
  };
}

/** Puts the candidates of a request together. */
export function candidateTable(candidates: Candidates, view: NodeView): CandidateTable {
  const { groups, intensities, measured } = candidates;
  const groupSizes = new Array<number>(intensities.length).fill(0);
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index] as number;
    groupSizes[group] = (groupSizes[group] as number) + 1;
  }
  const isKnown = intensities.some((intensity, group) => groupSizes[group] !== 0 && !Number.isNaN(intensity));
  const loss = view.kind !== 'fresh' ? view.kind : isKnown ? undefined : 'unknown';
  const powers = measured ? relativePowers(candidates.nodes().map(({ watts }) => watts)) : undefined;
  return { candidates, groupSizes, relativePowers: powers, loss, view };
}

/** Intensities that may be compared: those of the majority signal. */
function rankedIntensities(snapshot: CarbonSnapshot): ReadonlyMap<Zone, GramsPerKwh> {
  const intensities = new Map<Zone, GramsPerKwh>();
  for (const zone of snapshot.ranked) {
    const region = snapshot.regions.get(zone);
    if (region !== undefined) intensities.set(zone, region.carbonIntensity);
  }
  return intensities;
}
