import { quantileOf } from '../grid/quantile.ts';
import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { mayRunIn } from './baselines.ts';
import { latestStart, type SimulatedJob } from './jobs.ts';
import { clairvoyant, type PolicyName, type PolicySettings, policyOf } from './policies.ts';
import type { Policy } from './policy.ts';
import type { World } from './world.ts';

/** What a policy emitted and saved over all jobs. */
export interface PolicyResult {
  /** A policy's name, `recorded`, or `oracle ± 20 %` for a distorted one. */
  readonly policy: string;
  readonly kilograms: number;
  readonly savedKilograms: number;
  /** Of running at arrival. */
  readonly savedPercent: number;
  /** Percent of what the oracle saves; null when it saves nothing. */
  readonly shareOfOracle: number | null;
  readonly meanDelayHours: number;
  readonly p95DelayHours: number;
  readonly deadlineMisses: number;
  readonly peakConcurrency: number;
  /** What marginal intensities make of the same choices: saved where positive; null where they are known for no job. */
  readonly marginal: { readonly savedKilograms: number; readonly jobs: number } | null;
}

/** A simulation's outcome. */
export interface SimulationResult {
  readonly jobs: number;
  /** Jobs left out, because the trace does not cover all that they could do. */
  readonly notCovered: number;
  readonly kilowattHours: number;
  readonly results: readonly PolicyResult[];
}

/** What is to be simulated. */
export interface SimulationRequest {
  readonly world: World;
  readonly jobs: readonly SimulatedJob[];
  readonly policies: readonly PolicyName[];
  /** Relative errors of a distorted oracle, for example 0.2. */
  readonly errors: readonly number[];
  readonly settings: PolicySettings;
}

interface Run {
  grams: number;
  /** Of jobs whose marginal intensities are known both here and at arrival. */
  marginalSaved: number;
  marginalJobs: number;
  misses: number;
  readonly delays: number[];
  readonly spans: { readonly start: EpochMs; readonly end: EpochMs }[];
}

const TICK_EVERY = 250;

/** Runs every job under every policy. The oracle and running at arrival are always worked out, being what others are measured by. */
export function simulate(
  request: SimulationRequest,
  onProgress: (done: number) => void = () => undefined,
): SimulationResult {
  const { world, settings } = request;
  const oracle = clairvoyant(world, 0);
  const now = policyOf('now', world, settings);
  const shown: [string, Policy][] = request.policies.map((name) => [name, policyOf(name, world, settings)]);
  for (const error of request.errors) shown.push([`oracle ± ${Math.round(100 * error)} %`, clairvoyant(world, error)]);
  if (request.jobs.some(({ recorded }) => recorded !== undefined))
    shown.unshift(['recorded', (job) => job.recorded ?? now(job)]);
  const all = new Map<string, { policy: Policy; run: Run }>();
  for (const [name, policy] of [['', now] as const, ['best', oracle] as const, ...shown])
    all.set(name, { policy, run: emptyRun() });
  let covered = 0;
  let kilowattHours = 0;
  for (const [index, job] of request.jobs.entries()) {
    if (index % TICK_EVERY === 0) onProgress(index);
    if (!isCovered(world, job)) continue;
    covered += 1;
    const energy = (job.watts * job.durationHours) / 1_000;
    kilowattHours += energy;
    // The first of them runs at arrival.
    let atArrival: number | undefined;
    for (const [name, { policy, run }] of all) {
      const chosen = addJob(world, run, job, policy, energy);
      const marginal = gramsOf(chosen, job, energy, world.marginalMean);
      if (name === '') atArrival = marginal;
      if (atArrival === undefined || marginal === undefined) continue;
      run.marginalSaved += atArrival - marginal;
      run.marginalJobs += 1;
    }
  }
  onProgress(request.jobs.length);
  const base = all.get('')?.run.grams ?? 0;
  const possible = base - (all.get('best')?.run.grams ?? 0);
  const results = shown.map(([name]) => resultOf(name, all.get(name)?.run as Run, base, possible));
  return { jobs: covered, notCovered: request.jobs.length - covered, kilowattHours, results };
}

function addJob(world: World, run: Run, job: SimulatedJob, policy: Policy, energy: number): Choice {
  const chosen = chosenBy(policy, job);
  const grams = gramsOf(chosen, job, energy, world.actualMean);
  if (grams === undefined) throw new Error('a policy chose a time that the trace does not cover');
  run.grams += grams;
  run.spans.push(...chosen.pieces);
  const end = chosen.pieces.at(-1)?.end ?? job.arrival;
  // A job that pauses is late when it is complete: what it waited is what it took longer.
  const delay = end - job.arrival - job.durationHours * HOUR_MS;
  run.delays.push(Math.max(0, delay) / HOUR_MS);
  if (end > latestStart(job) + job.durationHours * HOUR_MS + 1) run.misses += 1;
  return chosen;
}

type Choice = { readonly zone: Zone; readonly pieces: Run['spans'] };

function chosenBy(policy: Policy, job: SimulatedJob): Choice {
  const chosen = policy(job);
  if (!chosen) throw new Error('a policy chose no start although the trace covers the job');
  const whole = { start: chosen.start, end: chosen.start + job.durationHours * HOUR_MS };
  return { zone: chosen.zone, pieces: [...(chosen.pieces ?? [whole])] };
}

/** Emissions of a job's pieces with some intensities; undefined where one is not known. */
function gramsOf(
  { zone, pieces }: Choice,
  job: SimulatedJob,
  energy: number,
  meanOf: World['actualMean'],
): number | undefined {
  let grams = 0;
  for (const { start, end } of pieces) {
    const hours = (end - start) / HOUR_MS;
    const mean = meanOf(zone, start, hours);
    if (mean === undefined) return undefined;
    grams += (energy / job.durationHours) * hours * mean;
  }
  return grams;
}

function emptyRun(): Run {
  return { grams: 0, marginalSaved: 0, marginalJobs: 0, misses: 0, delays: [], spans: [] };
}

/** Every start that a policy may choose must be priced: all zones of the job are known from arrival to the latest end. */
function isCovered(world: World, job: SimulatedJob): boolean {
  return world.zones.every(
    (zone) =>
      !mayRunIn(job, zone) || world.actualMean(zone, job.arrival, job.slackHours + job.durationHours) !== undefined,
  );
}

function resultOf(policy: string, run: Run, base: number, possible: number): PolicyResult {
  const saved = base - run.grams;
  let delays = 0;
  for (const delay of run.delays) delays += delay;
  return {
    policy,
    kilograms: run.grams / 1_000,
    savedKilograms: saved / 1_000,
    savedPercent: base === 0 ? 0 : (100 * saved) / base,
    shareOfOracle: possible > 0 ? (100 * saved) / possible : null,
    meanDelayHours: run.delays.length === 0 ? 0 : delays / run.delays.length,
    p95DelayHours: run.delays.length === 0 ? 0 : quantileOf(run.delays, 0.95),
    deadlineMisses: run.misses,
    peakConcurrency: peakOf(run.spans),
    marginal: run.marginalJobs === 0 ? null : { savedKilograms: run.marginalSaved / 1_000, jobs: run.marginalJobs },
  };
}

function peakOf(spans: Run['spans']): number {
  const starts = Float64Array.from(spans, ({ start }) => start).sort();
  const ends = Float64Array.from(spans, ({ end }) => end).sort();
  let ended = 0;
  let peak = 0;
  for (const [index, start] of starts.entries()) {
    while (ended < ends.length && (ends[ended] as number) <= start) ended += 1;
    peak = Math.max(peak, index + 1 - ended);
  }
  return peak;
}
