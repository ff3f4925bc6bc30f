import type { CacheState, CarbonSnapshot } from '../../shared/carbon-cache.ts';
import { scores } from '../../shared/score.ts';
import type { GramsPerKwh } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import { type NodeDirectory, zoneOfNode } from './nodes.ts';
import type { Candidates } from './protocol.ts';

/** Why all nodes got the same score: the cache file is too old or not there, or no node's intensity is known. */
type NeutralCause = 'stale' | 'missing' | 'unknown';

/** The answer to a prioritize call: a JSON array of {Host, Score}, and why it prefers no node if it does not. */
interface Ranking {
  readonly body: Buffer;
  readonly neutral: NeutralCause | undefined;
}

/** Ranks candidates by the state of the cache at the time of the request. */
export type Prioritize = (candidates: Candidates, state: CacheState) => Ranking;

interface Kept {
  readonly ranking: Ranking;
  readonly snapshot: CarbonSnapshot | undefined;
  readonly kind: CacheState['kind'];
  readonly version: number;
}

/** Makes the prioritize verb. An answer is kept with its candidates until snapshot, freshness or directory change. */
export function createPrioritize(directory: NodeDirectory): Prioritize {
  const answers = new WeakMap<Candidates, Kept>();
  const rankedOf = createRankedIntensities();
  return (candidates, state) => {
    const snapshot = state.kind === 'fresh' ? state.snapshot : undefined;
    const { version } = directory;
    const kept = answers.get(candidates);
    if (kept && kept.snapshot === snapshot && kept.kind === state.kind && kept.version === version) return kept.ranking;
    const ranking =
      snapshot === undefined
        ? equalScores(candidates, state.kind as NeutralCause)
        : rank(candidates, rankedOf(snapshot), directory);
    answers.set(candidates, { ranking, snapshot, kind: state.kind, version });
    return ranking;
  };
}

function rank(candidates: Candidates, ranked: ReadonlyMap<Zone, GramsPerKwh>, directory: NodeDirectory): Ranking {
  const intensityIn = (zone: Zone | undefined) => (zone === undefined ? undefined : ranked.get(zone));
  const intensities =
    candidates.form === 'names'
      ? candidates.names.map((name) => intensityIn(directory.zoneOf(name)))
      : candidates.nodes.map((node) => intensityIn(zoneOfNode(node, directory)));
  if (intensities.every((intensity) => intensity === undefined)) return equalScores(candidates, 'unknown');
  return { body: encode(namesOf(candidates), scores(intensities)), neutral: undefined };
}

function equalScores(candidates: Candidates, neutral: NeutralCause): Ranking {
  const names = namesOf(candidates);
  return { body: encode(names, scores(new Array(names.length).fill(undefined))), neutral };
}

function namesOf(candidates: Candidates): readonly string[] {
  return candidates.form === 'names' ? candidates.names : candidates.nodes.map((node) => node.name);
}

/** kube-scheduler decodes a bare array; one score that is not an integer voids the whole answer without a word. */
function encode(names: readonly string[], scored: readonly number[]): Buffer {
  let json = '';
  for (const [at, name] of names.entries())
    json += `${at === 0 ? '' : ','}{"Host":${JSON.stringify(name)},"Score":${scored[at]}}`;
  return Buffer.from(`[${json}]`);
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
