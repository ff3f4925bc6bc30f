import type { CacheState, CarbonSnapshot } from '../../shared/grid/carbon-cache.ts';
import type { GramsPerKwh, Watts } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { relativePowers } from '../../shared/placement/score.ts';
import type { Candidates } from '../webhook/protocol.ts';
import { type NodeDirectory, zoneOfNode } from './nodes.ts';

/** Why no candidate can be told from another: the cache file is too old or not there, or no node's intensity is known. */
export type SignalLoss = 'stale' | 'missing' | 'unknown';

/** Measured power of nodes; a node that nobody measured has none. */
export interface NodePower {
  /** Watts that one busy core of the node draws, its share of the idle power included. */
  wattsPerCore(node: string): Watts | undefined;
  /** Changes whenever an answer may have changed. */
  readonly version: number;
}

/** Everything known of the candidates of a call, column by column, in the order of `names`. */
export interface CandidateTable {
  readonly names: readonly string[];
  readonly zones: readonly (Zone | undefined)[];
  /** Only intensities that may be compared: of a fresh document, and of the majority signal. */
  readonly intensities: readonly (GramsPerKwh | undefined)[];
  readonly watts: readonly (Watts | undefined)[];
  /** Power relative to the candidates' median; undefined when no two nodes are measured. */
  readonly relativePowers: readonly (number | undefined)[] | undefined;
  /** Undefined while at least one intensity is known. */
  readonly loss: SignalLoss | undefined;
  /** The fresh document that the intensities are of. */
  readonly snapshot: CarbonSnapshot | undefined;
}

/** Works out the field of a call. */
export type CandidateTableOf = (candidates: Candidates, state: CacheState) => CandidateTable;

/** What fields are worked out from. */
export interface CandidateTableSources {
  readonly directory: NodeDirectory;
  readonly power: NodePower;
  /** Told of nodes that nobody knows the zone of. */
  readonly onUnplaced?: (names: readonly string[]) => void;
}

/** The power of nodes that nobody measures. */
export const NO_POWER: NodePower = { version: 0, wattsPerCore: () => undefined };

/** Makes fields. One is kept with its candidates until snapshot, freshness, a zone or a power changes. */
export function createFields({ directory, power, onUnplaced }: CandidateTableSources): CandidateTableOf {
  const kept = new WeakMap<
    Candidates,
    { readonly field: CandidateTable; readonly kind: string; readonly version: string }
  >();
  const rankedOf = createRankedIntensities();
  return (candidates, state) => {
    const snapshot = state.kind === 'fresh' ? state.snapshot : undefined;
    const version = `${directory.version} ${power.version}`;
    const last = kept.get(candidates);
    if (last?.field.snapshot === snapshot && last?.kind === state.kind && last.version === version) return last.field;
    const field = workOut(candidates, state, snapshot && rankedOf(snapshot));
    kept.set(candidates, { field, kind: state.kind, version });
    return field;
  };

  function workOut(
    candidates: Candidates,
    state: CacheState,
    ranked: ReadonlyMap<Zone, GramsPerKwh> | undefined,
  ): CandidateTable {
    const names = candidates.form === 'names' ? candidates.names : candidates.nodes.map((node) => node.name);
    const zones =
      candidates.form === 'names'
        ? names.map((name) => directory.zoneOf(name))
        : candidates.nodes.map((node) => zoneOfNode(node, directory));
    const intensities = zones.map((zone) => (zone === undefined ? undefined : ranked?.get(zone)));
    const watts = names.map((name) => power.wattsPerCore(name));
    const unplaced = names.filter((_, at) => zones[at] === undefined);
    if (unplaced.length > 0) onUnplaced?.(unplaced);
    const known = intensities.some((intensity) => intensity !== undefined);
    const loss = state.kind !== 'fresh' ? state.kind : known ? undefined : 'unknown';
    const snapshot = state.kind === 'fresh' ? state.snapshot : undefined;
    return { names, zones, intensities, watts, relativePowers: relativePowers(watts), loss, snapshot };
  }
}

/** Intensities that may be compared: those of the majority signal, worked out once per snapshot. */
function createRankedIntensities(): (snapshot: CarbonSnapshot) => ReadonlyMap<Zone, GramsPerKwh> {
  let last: { snapshot: CarbonSnapshot; ranked: ReadonlyMap<Zone, GramsPerKwh> } | undefined;
  return (snapshot) => {
    if (last?.snapshot === snapshot) return last.ranked;
    const ranked = new Map<Zone, GramsPerKwh>();
    for (const zone of snapshot.ranked) {
      const region = snapshot.regions.get(zone);
      if (region !== undefined) ranked.set(zone, region.carbonIntensity);
    }
    last = { snapshot, ranked };
    return ranked;
  };
}
