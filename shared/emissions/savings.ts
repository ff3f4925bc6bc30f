import { forEachHour } from '../grid/hours.ts';
import type { Quality } from '../grid/intensity.ts';
import { type Grams, type GramsPerKwh, JOULES_PER_KWH, joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { decodeCandidateZones } from '../records/candidate-zones.ts';
import type { Decision } from '../records/placements.ts';
import { type LeastPossible, leastByStart, leastByZone } from './possible-savings.ts';
import {
  emissions,
  type IntensityAt,
  type IntensityIn,
  type IntervalEmissions,
  intervalEmissions,
  type MeasuredEnergy,
} from './pricing.ts';

/**
 * What a pod is compared with. `arrival`: the same energy, in the same zone, as early as the pod was made. `candidates-mean`:
 * at the same time, in the mean of the zones that its candidate nodes stood in, hour by hour.
 */
export const BASELINES = ['arrival', 'candidates-mean'] as const;
/** One of {@link BASELINES}. */
export type Baseline = (typeof BASELINES)[number];

/** What one pod saved against one baseline; negative when it emitted more. */
export interface Saving {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly zone: string;
  readonly baseline: Baseline;
  readonly kilowattHours: number;
  /** Emissions with the intensity that it met. */
  readonly met: Grams;
  /** Emissions with the intensity that it would have met. */
  readonly wouldHaveMet: Grams;
  readonly saved: Grams;
  /** What the cleanest start within its slack, or the cleanest candidate zone, would have saved in hindsight: at least `saved`; null where it is not known. */
  readonly possible: Grams | null;
  /** Share (0 to 1) of the energy's time for which both intensities are known; the figures are about that part. */
  readonly coverage: number;
  readonly qualities: readonly Quality[];
  /** The same difference with marginal intensities, over the time for which they are known; null where they are not. */
  readonly marginal: MarginalSaving | null;
}

/** A difference with marginal intensities: positive where less was emitted. Never added to one with average intensities. */
export interface MarginalSaving {
  readonly met: Grams;
  readonly wouldHaveMet: Grams;
  readonly saved: Grams;
  /** Share (0 to 1) of the energy's time for which both marginal intensities are known. */
  readonly coverage: number;
}

/** Sums over pods, by baseline. Pods are in both where both apply: the two are never added up. */
export interface SavingsTotal {
  readonly baseline: Baseline;
  readonly pods: number;
  /** Pods that emitted more than they would have. */
  readonly negative: number;
  readonly kilowattHours: number;
  readonly met: Grams;
  readonly saved: Grams;
  /** What was possible in hindsight; pods of which that is not known count with what they saved. */
  readonly possible: Grams;
  /** Of what would have been emitted; null when that is nothing. */
  readonly savedPercent: number | null;
  readonly coverage: number | null;
  readonly qualities: readonly Quality[];
  /** Sums over the pods whose marginal intensities are known; null where there are none. */
  readonly marginal: (Omit<MarginalSaving, 'coverage'> & { readonly pods: number }) | null;
}

/** What one decision saved by its measured energy; empty when it had no part in it, or too little is known. */
export function savingsOf(
  decision: Decision,
  energy: Iterable<MeasuredEnergy>,
  at: IntensityIn,
  marginalAt?: IntensityIn,
): readonly Saving[] {
  const count = countSavings(decision, at, marginalAt);
  for (const span of energy) count.add(span);
  return count.savings();
}

/** Counts what one decision saved while its energy is read; with marginal intensities beside it where they are given. */
export function countSavings(decision: Decision, at: IntensityIn, marginalAt?: IntensityIn) {
  const comparisons = comparisonsOf(decision, at, true);
  const marginals = marginalAt === undefined ? [] : comparisonsOf(withoutOldMeans(decision), marginalAt, false);
  return {
    add(span: MeasuredEnergy): void {
      for (const comparison of [...comparisons, ...marginals]) comparison.add(span);
    },
    savings: (): readonly Saving[] => {
      const beside = marginals.map((each) => each.saving());
      return comparisons
        .map((each) => each.saving())
        .filter((saving) => saving !== undefined)
        .map((saving) => ({
          ...saving,
          marginal: marginalOf(beside.find((one) => one?.baseline === saving.baseline)),
        }));
    },
  };
}

/** Adds pods up by baseline, in the order of {@link BASELINES}; a baseline without pods is left out. */
export function savingsTotals(savings: readonly Saving[]): readonly SavingsTotal[] {
  return BASELINES.flatMap((baseline) => {
    const these = savings.filter((saving) => saving.baseline === baseline);
    if (these.length === 0) return [];
    const sum = (of: (saving: Saving) => number) => these.map(of).reduce((a, b) => a + b, 0);
    const kilowattHours = sum((saving) => saving.kilowattHours);
    const would = sum(({ wouldHaveMet }) => wouldHaveMet);
    const saved = sum((saving) => saving.saved);
    return {
      baseline,
      pods: these.length,
      negative: these.filter((saving) => saving.saved < 0).length,
      kilowattHours,
      met: sum(({ met }) => met) as Grams,
      saved: saved as Grams,
      possible: sum((saving) => saving.possible ?? saving.saved) as Grams,
      savedPercent: would > 0 ? (100 * saved) / would : null,
      coverage: kilowattHours > 0 ? sum((saving) => saving.coverage * saving.kilowattHours) / kilowattHours : null,
      qualities: [...new Set(these.flatMap(({ qualities }) => qualities))].sort(),
      marginal: marginalTotal(these),
    };
  });
}

function marginalTotal(savings: readonly Saving[]): SavingsTotal['marginal'] {
  const known = savings.flatMap(({ marginal }) => marginal ?? []);
  if (known.length === 0) return null;
  const sum = (of: (saving: MarginalSaving) => number) => known.map(of).reduce((a, b) => a + b, 0) as Grams;
  return {
    pods: known.length,
    met: sum(({ met }) => met),
    wouldHaveMet: sum(({ wouldHaveMet }) => wouldHaveMet),
    saved: sum(({ saved }) => saved),
  };
}

function marginalOf(saving: Saving | undefined): MarginalSaving | null {
  if (saving === undefined) return null;
  const { met, wouldHaveMet, saved, coverage } = saving;
  return { met, wouldHaveMet, saved, coverage };
}

/** A decision without the difference at binding: that is of average intensities. */
function withoutOldMeans(decision: Decision): Decision {
  return { ...decision, candidatesMean: null };
}

type Elsewhere = (span: MeasuredEnergy, met: IntervalEmissions) => IntervalEmissions;

/** `withPossible`: also with what was possible in hindsight, which takes many times as long. */
function comparisonsOf(decision: Decision, at: IntensityIn, withPossible: boolean) {
  const { zone, mode, arrivedAt, releasedAt, boundAt, latestStart } = decision;
  if (zone === null) return [];
  const found: ReturnType<typeof compare>[] = [];
  const here = { decision, zone, at: at(zone) };
  if (arrivedAt !== null && releasedAt !== null && boundAt > arrivedAt) {
    const hasSlack = withPossible && latestStart !== null;
    const least = !hasSlack ? undefined : leastByStart({ arrivedAt, latestStart, boundAt }, at(zone));
    found.push(compare({ ...here, baseline: 'arrival', elsewhere: earlierBy(boundAt - arrivedAt, at(zone)), least }));
  }
  const elsewhere = mode === 'enforce' ? amongCandidates(decision, at) : undefined;
  const zones = withPossible ? decodeCandidateZones(decision.candidateZones) : undefined;
  const least = zones && leastByZone(zones.keys(), at);
  if (elsewhere) found.push(compare({ ...here, baseline: 'candidates-mean', elsewhere, least }));
  return found;
}

/** The same energy as much earlier as the pod waited. */
function earlierBy(ms: number, at: IntensityAt): Elsewhere {
  return ({ start, end, joules }) => intervalEmissions(joules, start - ms, end - ms, at);
}

/** The same energy spread over the candidates. A record that does not know their zones holds their difference at binding on. */
function amongCandidates({ candidateZones, candidatesMean, intensity }: Decision, at: IntensityIn) {
  const zones = decodeCandidateZones(candidateZones);
  if (zones !== undefined) return inMeanOf(zones, at);
  if (candidatesMean === null || intensity === null) return undefined;
  const more = (candidatesMean - intensity) as GramsPerKwh;
  return (span: MeasuredEnergy, met: IntervalEmissions): IntervalEmissions => {
    const covered = joules((span.joules * met.coveredMs) / (span.end - span.start));
    return { ...met, grams: ((met.grams ?? 0) + emissions(covered, more)) as Grams };
  };
}

function inMeanOf(zones: ReadonlyMap<Zone, number>, at: IntensityIn): Elsewhere {
  let all = 0;
  for (const count of zones.values()) all += count;
  return ({ start, end, joules: whole }) => {
    let grams = 0;
    let coveredMs = end - start;
    const qualities = new Set<Quality>();
    for (const [zone, count] of zones) {
      const there = intervalEmissions(joules((whole * count) / all), start, end, at(zone));
      grams += there.grams ?? 0;
      coveredMs = Math.min(coveredMs, there.coveredMs);
      for (const quality of there.qualities) qualities.add(quality);
    }
    return { grams: grams as Grams, intensity: undefined, coveredMs, qualities };
  };
}

function compare(options: {
  readonly decision: Decision;
  readonly zone: Zone;
  readonly baseline: Baseline;
  readonly at: IntensityAt;
  readonly elsewhere: Elsewhere;
  readonly least: LeastPossible | undefined;
}) {
  const { zone, baseline, at, elsewhere, least } = options;
  const { uid, namespace, pod } = options.decision;
  const sum = { met: 0, would: 0, total: 0, spanMs: 0, coveredMs: 0 };
  const qualities = new Set<Quality>();
  return {
    add(whole: MeasuredEnergy): void {
      sum.total += whole.joules;
      sum.spanMs += whole.end - whole.start;
      for (const span of byHour(whole)) {
        const here = intervalEmissions(span.joules, span.start, span.end, at);
        const there = elsewhere(span, here);
        const length = span.end - span.start;
        // Only where both are known whole: half a comparison is none.
        if (here.coveredMs < length || there.coveredMs < length) continue;
        sum.met += here.grams ?? 0;
        least?.add(span, here.grams ?? 0);
        sum.would += there.grams ?? 0;
        sum.coveredMs += length;
        for (const quality of [...here.qualities, ...there.qualities]) qualities.add(quality);
      }
    },
    saving(): Saving | undefined {
      if (sum.coveredMs === 0) return undefined;
      const possible = least?.least();
      return {
        ...{ uid, namespace, pod, zone, baseline },
        kilowattHours: sum.total / JOULES_PER_KWH,
        met: sum.met as Grams,
        wouldHaveMet: sum.would as Grams,
        saved: (sum.would - sum.met) as Grams,
        possible: possible === undefined ? null : ((sum.would - possible) as Grams),
        coverage: sum.coveredMs / sum.spanMs,
        qualities: [...qualities].sort(),
        marginal: null,
      };
    },
  };
}

/** A span cut at full hours, its energy spread evenly. */
function byHour({ start, end, joules: whole }: MeasuredEnergy): MeasuredEnergy[] {
  const parts: MeasuredEnergy[] = [];
  forEachHour(start, end, (hour, ms) => {
    const from = Math.max(start, hour);
    parts.push({ start: from, end: from + ms, joules: joules((whole * ms) / (end - start)) });
  });
  return parts;
}
