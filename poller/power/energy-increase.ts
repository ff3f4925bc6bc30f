import type { PowerQuality, PowerSample } from '../../shared/records/power.ts';
import { ContainerEnergy, type Moment } from './container-energy.ts';
import type { EnergyCounter, KeplerScrape } from './observation.ts';

/** Limits beyond which an increase of a counter is not a measurement. */
export interface PowerLimits {
  /** Longest time between two observations of a counter that still gives a sample; beyond it counting starts again. */
  readonly maxGapMs: number;
  /** Highest power of one container, in watts. */
  readonly maxContainerWatts: number;
  /** Highest power of one node, in watts. */
  readonly maxNodeWatts: number;
}

/** Energy counters as one scrape saw them, at the time its response arrived. */
export interface CounterObservation extends Pick<KeplerScrape, 'basis' | 'counters' | 'node'> {
  /** How the energy is known. Default: `measured`. */
  readonly quality?: PowerQuality;
  /** Wall clock, in milliseconds since 1970. */
  readonly at: number;
  /** Clock that never goes back, in milliseconds. */
  readonly monotonic: number;
}

/** What is remembered of a set of counters between two observations. */
export interface CounterBaselines {
  readonly basis: string;
  readonly byKey: ReadonlyMap<string, Baseline>;
}

/** One counter at its last observation. Energy in whole millijoules, so that increases add up exactly. */
interface Baseline {
  readonly millijoules: number;
  readonly observedAt: number;
  /** Energy that waits for its container's name. */
  readonly pendingMillijoules: number;
  /** Start of the next sample: earlier than `observedAt` while energy is pending. */
  readonly since: Moment;
}

/**
 * Why an increase was not simply the difference of two values: the counter is new, was reset, is a GPU counter that fell,
 * was away for too long, rose by more than is possible, or waits for its container's name; other counters are added up
 * now; the exporter was restarted.
 */
export type IncreaseEvent =
  | 'first-observation'
  | 'reset'
  | 'gpu-decrease'
  | 'gap'
  | 'implausible'
  | 'pending'
  | 'basis-changed'
  | 'exporter-restarted';

/** What one observation gave: samples to record, baselines to remember, events to count. */
export interface IncreaseStep {
  readonly baselines: CounterBaselines;
  readonly samples: PowerSample[];
  /** Counters were compared with an earlier observation, and none of them moved. */
  readonly unchanged: boolean;
  /** How often each event occurred; events that did not occur are absent. */
  readonly events: ReadonlyMap<IncreaseEvent, number>;
}

/** Decreases up to this share of a counter are rounding of sums of floating-point numbers, not resets. */
const ROUNDING = 1e-9;
/** Smallest step of an exporter's values: a decrease by one of them is rounding, however small the counter. */
const ROUNDING_MILLIJOULES = 1;

/**
 * The energy used since the last observation of the same counters, as Prometheus' `increase` has it: a counter that fell
 * has counted from zero. New counters, gaps, impossible increases and a change of basis give no energy.
 */
export function increaseSince(
  previous: CounterBaselines | undefined,
  observation: CounterObservation,
  limits: PowerLimits,
): IncreaseStep {
  const counting = new Counting(previous, observation, limits);
  for (const counter of observation.counters) counting.observe(counter);
  return counting.finish();
}

/** One pass over the counters of an observation. */
class Counting {
  readonly #observation: CounterObservation;
  readonly #limits: PowerLimits;
  readonly #now: Moment;
  readonly #known: ReadonlyMap<string, Baseline>;
  readonly #baselines: Map<string, Baseline>;
  readonly #energy: ContainerEnergy;
  readonly #events = new Map<IncreaseEvent, number>();
  #compared = 0;
  #moved = false;

  constructor(previous: CounterBaselines | undefined, observation: CounterObservation, limits: PowerLimits) {
    this.#observation = observation;
    this.#limits = limits;
    this.#now = { at: Math.round(observation.at), monotonic: observation.monotonic };
    this.#energy = new ContainerEnergy(this.#now, observation.quality ?? 'measured');
    const sameBasis = previous?.basis === observation.basis;
    if (previous !== undefined && !sameBasis) this.#count('basis-changed');
    this.#known = sameBasis ? previous.byKey : new Map<string, Baseline>();
    this.#baselines = this.#recent();
  }

  observe(counter: EnergyCounter): void {
    const before = this.#baselines.get(counter.key);
    if (before === undefined) this.#begin(counter);
    else this.#compare(counter, before);
  }

  finish(): IncreaseStep {
    const compared = this.#compared;
    if (compared > 1 && (this.#events.get('reset') ?? 0) * 2 > compared) this.#count('exporter-restarted');
    const { samples, implausibleNodes } = this.#energy.samples(this.#limits.maxNodeWatts);
    if (implausibleNodes > 0) this.#count('implausible', implausibleNodes);
    return {
      baselines: { basis: this.#observation.basis, byKey: this.#baselines },
      samples,
      unchanged: compared > 0 && !this.#moved,
      events: this.#events,
    };
  }

  #begin(counter: EnergyCounter): void {
    this.#count(this.#known.has(counter.key) ? 'gap' : 'first-observation');
    this.#remember(counter, 0, this.#now);
  }

  #compare(counter: EnergyCounter, before: Baseline): void {
    this.#compared += 1;
    const increase = this.#increaseOf(counter, before);
    if (increase !== 0) this.#moved = true;
    // What was pending stays so: only the new increase cannot be true.
    if (increase === undefined) return this.#remember(counter, before.pendingMillijoules, before.since);
    const energy = before.pendingMillijoules + increase;
    if (!counter.resolved && this.#observation.monotonic - before.since.monotonic < this.#limits.maxGapMs) {
      this.#count('pending');
      return this.#remember(counter, energy, before.since);
    }
    this.#energy.add(counter, energy, before.since);
    this.#remember(counter, 0, this.#now);
  }

  /** Millijoules since the last observation; undefined when they cannot be true. */
  #increaseOf(counter: EnergyCounter, before: Baseline): number | undefined {
    const now = millijoulesOf(counter);
    let increase = now - before.millijoules;
    if (increase < 0 && isRounding(increase, before.millijoules)) return 0;
    if (increase < 0 && counter.kind === 'gpu') {
      // The sum over running processes falls when one ends: that is not a reset, and the rest was counted before.
      this.#count('gpu-decrease');
      return 0;
    }
    if (increase < 0) {
      this.#count('reset');
      increase = now;
    }
    const elapsedMs = this.#observation.monotonic - before.observedAt;
    if (elapsedMs > 0 && increase <= this.#limits.maxContainerWatts * elapsedMs) return increase;
    this.#count('implausible');
    return undefined;
  }

  #remember(counter: EnergyCounter, pendingMillijoules: number, since: Moment): void {
    const { monotonic: observedAt } = this.#now;
    this.#baselines.set(counter.key, { millijoules: millijoulesOf(counter), observedAt, pendingMillijoules, since });
  }

  /** Baselines that are young enough to go on from: for a while also those of counters that are gone. */
  #recent(): Map<string, Baseline> {
    const { monotonic, node } = this.#observation;
    const recent = new Map<string, Baseline>();
    for (const [key, baseline] of this.#known) {
      if (monotonic - baseline.observedAt <= this.#limits.maxGapMs) recent.set(key, baseline);
      else if (baseline.pendingMillijoules > 0) {
        // Its name never came, but the energy was used.
        const container = { namespace: '', pod: '', container: key, node };
        this.#energy.add(container, baseline.pendingMillijoules, baseline.since);
      }
    }
    return recent;
  }

  #count(event: IncreaseEvent, times = 1): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + times);
  }
}

function millijoulesOf({ joules }: EnergyCounter): number {
  return Math.round(joules * 1000);
}

function isRounding(decrease: number, before: number): boolean {
  return -decrease <= Math.max(ROUNDING_MILLIJOULES, before * ROUNDING);
}
