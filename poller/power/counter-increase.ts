import { IDLE } from '../../shared/records/power.ts';
import { ContainerIncreases, type Increase } from './container-increases.ts';
import type { Counter, Moment } from './observation.ts';

/** Limits beyond which an increase of a counter is not a measurement. Rates in the counter's unit per second: watts, or cores. */
export interface CounterLimits {
  /** Longest time between two observations of a counter that still gives an increase; beyond it counting starts again. */
  readonly maxGapMs: number;
  readonly maxContainerRate: number;
  readonly maxNodeRate: number;
}

/** Counters as one scrape contained them, at the time its response arrived. */
export interface CounterObservation extends Moment {
  /** What the counters are made of; they compare only with those of the same basis. */
  readonly basis: string;
  /** Node of counters whose own name never came. */
  readonly node: string;
  readonly counters: readonly Counter[];
}

/** What is remembered of a set of counters between two observations. */
export interface CounterBaselines {
  readonly basis: string;
  /** Wall clock of the observation. */
  readonly at: number;
  readonly byKey: ReadonlyMap<string, Baseline>;
}

/** One counter at its last observation. In whole thousandths, so that increases add up exactly. */
interface Baseline {
  readonly thousandths: number;
  readonly observedAt: number;
  readonly startedAt: number | undefined;
  readonly kind: Counter['kind'];
  /** What waits for its container's name. */
  readonly pending: number;
  /** Start of the next increase: earlier than `observedAt` while something is pending. */
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

/** What one observation gave: increases to record, baselines to remember, events to count. */
export interface IncreaseStep {
  readonly baselines: CounterBaselines;
  readonly increases: readonly Increase[];
  /** What all counters of containers rose by, those of processors and of GPUs, pending ones included and idle ones not; in thousandths. */
  readonly countedThousandths: Readonly<Record<Counter['kind'], number>>;
  /** Counters were compared with an earlier observation, and none of them moved. */
  readonly unchanged: boolean;
  /** How often each event occurred; events that did not occur are absent. */
  readonly events: ReadonlyMap<IncreaseEvent, number>;
}

/** Decreases up to this share of a counter are rounding of sums of floating-point numbers, not resets. */
const ROUNDING = 1e-9;
/** Smallest step of values, in thousandths: a decrease by one of them is rounding, however small the counter. */
const SMALLEST_STEP = 1;

/**
 * What was used since the last observation of the same counters, as Prometheus' `increase` has it: a counter that fell
 * has counted from zero. New counters, gaps, impossible increases and a change of basis give nothing.
 */
export function increaseSince(
  previous: CounterBaselines | undefined,
  observation: CounterObservation,
  limits: CounterLimits,
): IncreaseStep {
  const counting = new Counting(previous, observation, limits);
  for (const counter of observation.counters) counting.observe(counter);
  return counting.finish();
}

/** One pass over the counters of an observation. */
class Counting {
  readonly #observation: CounterObservation;
  readonly #limits: CounterLimits;
  readonly #now: Moment;
  readonly #known: ReadonlyMap<string, Baseline>;
  /** Wall clock of the last observation of the same basis. */
  readonly #lastAt: number | undefined;
  readonly #baselines: Map<string, Baseline>;
  readonly #increases = new ContainerIncreases();
  readonly #events = new Map<IncreaseEvent, number>();
  #compared = 0;
  readonly #counted = { cpu: 0, gpu: 0 };
  #moved = false;

  constructor(previous: CounterBaselines | undefined, observation: CounterObservation, limits: CounterLimits) {
    this.#observation = observation;
    this.#limits = limits;
    this.#now = { at: Math.round(observation.at), monotonic: observation.monotonic };
    const sameBasis = previous?.basis === observation.basis;
    if (previous !== undefined && !sameBasis) this.#count('basis-changed');
    this.#known = sameBasis ? previous.byKey : new Map<string, Baseline>();
    this.#lastAt = sameBasis ? previous.at : undefined;
    this.#baselines = this.#recent();
  }

  observe(counter: Counter): void {
    const before = this.#baselines.get(counter.key) ?? this.#birthOf(counter);
    if (before === undefined) this.#begin(counter);
    // A value that was not taken anew says nothing new.
    else if (this.#momentOf(counter).monotonic !== before.observedAt) this.#compare(counter, before);
  }

  finish(): IncreaseStep {
    const compared = this.#compared;
    if (compared > 1 && (this.#events.get('reset') ?? 0) * 2 > compared) this.#count('exporter-restarted');
    const { increases, implausibleNodes } = this.#increases.finish(this.#limits.maxNodeRate);
    if (implausibleNodes > 0) this.#count('implausible', implausibleNodes);
    return {
      baselines: { basis: this.#observation.basis, at: this.#now.at, byKey: this.#baselines },
      increases,
      countedThousandths: this.#counted,
      unchanged: compared > 0 && !this.#moved,
      events: this.#events,
    };
  }

  #begin(counter: Counter): void {
    this.#count(this.#known.has(counter.key) ? 'gap' : 'first-observation');
    this.#remember(counter, 0, this.#momentOf(counter));
  }

  /** A container that started after the last observation has counted from zero since. */
  #birthOf(counter: Counter): Baseline | undefined {
    const { startedAt, key, kind } = counter;
    if (startedAt === undefined || this.#lastAt === undefined || startedAt < this.#lastAt) return undefined;
    if (this.#known.has(key)) return undefined;
    const { at, monotonic } = this.#momentOf(counter);
    const observedAt = monotonic - (at - startedAt);
    return {
      thousandths: 0,
      observedAt,
      startedAt,
      kind,
      pending: 0,
      since: { at: startedAt, monotonic: observedAt },
    };
  }

  #compare(counter: Counter, before: Baseline): void {
    this.#compared += 1;
    const increase = this.#increaseOf(counter, before);
    if (increase !== 0) this.#moved = true;
    // What was pending stays so: only the new increase cannot be true.
    if (increase === undefined) return this.#remember(counter, before.pending, before.since);
    if (counter.namespace !== IDLE) this.#counted[counter.kind] += increase;
    const amount = before.pending + increase;
    const until = this.#momentOf(counter);
    if (!counter.resolved && until.monotonic - before.since.monotonic < this.#limits.maxGapMs) {
      this.#count('pending');
      return this.#remember(counter, amount, before.since);
    }
    this.#increases.add(counter, amount, before.since, until);
    this.#remember(counter, 0, until);
  }

  /** Thousandths since the last observation; undefined when they cannot be true. */
  #increaseOf(counter: Counter, before: Baseline): number | undefined {
    const now = thousandthsOf(counter);
    const restarted = counter.startedAt !== before.startedAt;
    let increase = now - before.thousandths;
    if (increase < 0 && !restarted && isRounding(increase, before.thousandths)) return 0;
    if (increase < 0 && counter.kind === 'gpu') {
      // The sum over running processes falls when one ends: that is not a reset, and the rest was counted before.
      this.#count('gpu-decrease');
      return 0;
    }
    if (increase < 0 || restarted) {
      this.#count('reset');
      increase = now;
    }
    const elapsedMs = this.#momentOf(counter).monotonic - before.observedAt;
    if (elapsedMs > 0 && increase <= this.#limits.maxContainerRate * elapsedMs) return increase;
    this.#count('implausible');
    return undefined;
  }

  #momentOf({ observedAt }: Counter): Moment {
    return observedAt ?? this.#now;
  }

  #remember(counter: Counter, pending: number, since: Moment): void {
    const { startedAt, kind } = counter;
    const { monotonic: observedAt } = this.#momentOf(counter);
    const thousandths = thousandthsOf(counter);
    this.#baselines.set(counter.key, { thousandths, observedAt, startedAt, kind, pending, since });
  }

  /** Baselines that are young enough to go on from: for a while also those of counters that are gone. */
  #recent(): Map<string, Baseline> {
    const { monotonic, node } = this.#observation;
    const recent = new Map<string, Baseline>();
    for (const [key, baseline] of this.#known) {
      if (monotonic - baseline.observedAt <= this.#limits.maxGapMs) recent.set(key, baseline);
      else if (baseline.pending > 0)
        // Its name never came, but the energy was used.
        this.#increases.add(
          { namespace: '', pod: '', container: idOf(key), node, kind: baseline.kind },
          baseline.pending,
          baseline.since,
          this.#now,
        );
    }
    return recent;
  }

  #count(event: IncreaseEvent, times = 1): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + times);
  }
}

/** The id of a container in the key of one of its counters; those of GPUs have more behind it. */
function idOf(key: string): string {
  return key.split(' ', 1)[0] ?? key;
}

function thousandthsOf({ total }: Counter): number {
  return Math.round(total * 1000);
}

function isRounding(decrease: number, before: number): boolean {
  return -decrease <= Math.max(SMALLEST_STEP, before * ROUNDING);
}
