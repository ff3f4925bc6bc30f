import { type IntensityAt, type IntervalEmissions, intervalEmissions } from './emissions.ts';
import type { Quality } from './intensity.ts';
import type { Decision } from './store/decisions.ts';
import { type EpochMs, type Grams, HOUR_MS, hourOf, JOULES_PER_KWH, type Joules, joules } from './units.ts';

/**
 * What a pod is compared with. `arrival`: the same energy, in the same zone, as early as the pod was made. `candidates-mean`:
 * in the mean of the nodes that it could have gone to, the difference at binding being taken for the whole run.
 */
export const BASELINES = ['arrival', 'candidates-mean'] as const;
/** One of {@link BASELINES}. */
export type Baseline = (typeof BASELINES)[number];

/** Measured energy of a pod over a span of time. */
export interface MeasuredEnergy {
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly joules: Joules;
}

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
  /** Share (0 to 1) of the energy's time for which both intensities are known; the figures are about that part. */
  readonly coverage: number;
  readonly qualities: readonly Quality[];
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
  /** Of what would have been emitted; null when that is nothing. */
  readonly savedPercent: number | null;
  readonly coverage: number | null;
  readonly qualities: readonly Quality[];
}

/** What one decision saved by its measured energy; empty when it had no part in it, or too little is known. */
export function savingsOf(decision: Decision, energy: readonly MeasuredEnergy[], at: IntensityAt): readonly Saving[] {
  if (decision.zone === null || decision.mode === 'off' || energy.length === 0) return [];
  const { arrivedAt, releasedAt, boundAt, candidatesMean, intensity } = decision;
  const found: (Saving | undefined)[] = [];
  if (arrivedAt !== null && releasedAt !== null && boundAt > arrivedAt)
    found.push(compared(decision, 'arrival', energy, at, earlierBy(boundAt - arrivedAt, at)));
  if (decision.mode === 'enforce' && candidatesMean !== null && intensity !== null) {
    const more = candidatesMean - intensity;
    found.push(
      compared(decision, 'candidates-mean', energy, at, (span, met) => ({
        ...met,
        grams: ((met.grams ?? 0) +
          (((span.joules * met.coveredMs) / (span.end - span.start)) * more) / JOULES_PER_KWH) as Grams,
      })),
    );
  }
  return found.filter((saving) => saving !== undefined);
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
      savedPercent: would > 0 ? (100 * saved) / would : null,
      coverage: kilowattHours > 0 ? sum((saving) => saving.coverage * saving.kilowattHours) / kilowattHours : null,
      qualities: [...new Set(these.flatMap(({ qualities }) => qualities))].sort(),
    };
  });
}

type Elsewhere = (span: MeasuredEnergy, met: IntervalEmissions) => IntervalEmissions;

/** The same energy as much earlier as the pod waited. */
function earlierBy(ms: number, at: IntensityAt): Elsewhere {
  return ({ start, end, joules }) => intervalEmissions(joules, start - ms, end - ms, at);
}

function compared(
  { uid, namespace, pod, zone }: Decision,
  baseline: Baseline,
  energy: readonly MeasuredEnergy[],
  at: IntensityAt,
  elsewhere: Elsewhere,
): Saving | undefined {
  let met = 0;
  let would = 0;
  let total = 0;
  let spanMs = 0;
  let coveredMs = 0;
  const qualities = new Set<Quality>();
  for (const whole of energy) {
    total += whole.joules;
    spanMs += whole.end - whole.start;
    for (const span of byHour(whole)) {
      const here = intervalEmissions(span.joules, span.start, span.end, at);
      const there = elsewhere(span, here);
      const length = span.end - span.start;
      // Only where both are known whole: half a comparison is none.
      if (here.coveredMs < length || there.coveredMs < length) continue;
      met += here.grams ?? 0;
      would += there.grams ?? 0;
      coveredMs += length;
      for (const quality of [...here.qualities, ...there.qualities]) qualities.add(quality);
    }
  }
  if (coveredMs === 0 || zone === null) return undefined;
  return {
    ...{ uid, namespace, pod, zone, baseline },
    kilowattHours: total / JOULES_PER_KWH,
    met: met as Grams,
    wouldHaveMet: would as Grams,
    saved: (would - met) as Grams,
    coverage: coveredMs / spanMs,
    qualities: [...qualities].sort(),
  };
}

/** A span cut at full hours, its energy spread evenly. */
function* byHour({ start, end, joules: whole }: MeasuredEnergy): Iterable<MeasuredEnergy> {
  for (let from = start; from < end; ) {
    const to = Math.min(end, hourOf(from) + HOUR_MS);
    yield { start: from, end: to, joules: joules((whole * (to - from)) / (end - start)) };
    from = to;
  }
}
