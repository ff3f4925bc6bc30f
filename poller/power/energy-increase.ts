import { joules } from '../../shared/grid/units.ts';
import type { Container, PowerQuality, PowerSample } from '../../shared/records/power.ts';
import type { EnergyCounter, KeplerScrape } from './observation.ts';

/** Limits beyond which a difference of counters is no measurement. */
export interface PowerLimits {
  /** Longest time between two sights of a counter that still gives a sample; beyond it counting starts afresh. */
  readonly maxGapMs: number;
  readonly maxContainerWatts: number;
  readonly maxNodeWatts: number;
}

/** A scrape with the time at which its answer arrived, by the wall clock and by one that never goes back. */
export interface CounterObservation extends Pick<KeplerScrape, 'basis' | 'counters' | 'node'> {
  /** How the energy is known; absent: measured. */
  readonly quality?: PowerQuality;
  readonly at: number;
  readonly monotonic: number;
}

/** What is remembered of one counter. Energy in whole millijoules, so that differences add up exactly. */
interface Baseline {
  readonly millijoules: number;
  readonly seen: number;
  /** Energy that waits for its container's name, and since when. */
  readonly held: number;
  readonly since: Moment;
}

/** A time by both clocks. */
interface Moment {
  readonly at: number;
  readonly monotonic: number;
}

/** What is remembered of one target between two scrapes. */
export interface CounterBaselines {
  readonly basis: string;
  readonly baselines: ReadonlyMap<string, Baseline>;
}

/** How often each rule was applied in one step. */
export interface RateEvents {
  firstSights: number;
  resets: number;
  gpuFalls: number;
  gaps: number;
  implausible: number;
  held: number;
  basisChanged: boolean;
  /** Most counters fell at once: the exporter was restarted. */
  restarted: boolean;
}

/** The outcome of one step: what to remember, what to record, what to count. */
export interface IncreaseStep {
  readonly state: CounterBaselines;
  readonly samples: PowerSample[];
  /** Counters were compared, and not one of them moved. */
  readonly still: boolean;
  readonly events: RateEvents;
}

/** Falls up to this share of the counter are rounding of sums of floating-point numbers, not resets. */
const ROUNDING = 1e-9;

/** Difference of the two clocks from which on the wall clock was set. */
const CLOCK_STEP_MS = 1_000;

/** Turns a scrape into the energy used since the scrapes before. First sights, gaps and changes of basis give none. */
export function increaseSince(
  previous: CounterBaselines | undefined,
  scrape: CounterObservation,
  rules: PowerLimits,
): IncreaseStep {
  const events = noEvents();
  const known = previous?.basis === scrape.basis ? previous.baselines : new Map<string, Baseline>();
  events.basisChanged = previous !== undefined && previous.basis !== scrape.basis;
  const energy = new EnergyByContainer(scrape);
  const baselines = remembered(known, scrape, rules, energy);
  const now: Moment = { at: Math.round(scrape.at), monotonic: scrape.monotonic };
  let compared = 0;
  let moved = false;
  for (const counter of scrape.counters) {
    const before = baselines.get(counter.key);
    const millijoules = Math.round(counter.joules * 1000);
    const fresh = { millijoules, seen: scrape.monotonic, held: 0, since: now };
    if (before !== undefined) compared += 1;
    else if (known.has(counter.key)) events.gaps += 1;
    else events.firstSights += 1;
    const delta = before === undefined ? undefined : difference(before, millijoules, counter, scrape, rules, events);
    moved ||= delta !== 0;
    if (before === undefined || delta === undefined) {
      baselines.set(counter.key, before === undefined ? fresh : { ...fresh, held: before.held, since: before.since });
      continue;
    }
    const hold = !counter.resolved && scrape.monotonic - before.since.monotonic < rules.maxGapMs;
    if (hold) events.held += 1;
    else energy.add(counter, before.held + delta, before.since);
    baselines.set(counter.key, hold ? { ...fresh, held: before.held + delta, since: before.since } : fresh);
  }
  events.restarted = compared > 1 && events.resets * 2 > compared;
  const samples = energy.samples(rules.maxNodeWatts);
  if (samples === undefined) events.implausible += 1;
  const still = compared > 0 && !moved;
  return { state: { basis: scrape.basis, baselines }, samples: samples ?? [], still, events };
}

/** Baselines that are young enough to go on from: those of counters that are gone, too, for a while. */
function remembered(
  known: ReadonlyMap<string, Baseline>,
  scrape: CounterObservation,
  rules: PowerLimits,
  energy: EnergyByContainer,
): Map<string, Baseline> {
  const kept = new Map<string, Baseline>();
  for (const [key, baseline] of known) {
    if (scrape.monotonic - baseline.seen <= rules.maxGapMs) kept.set(key, baseline);
    else if (baseline.held > 0) {
      // Its name never came, but the energy was used.
      const container = { namespace: '', pod: '', container: key, node: scrape.node };
      energy.add(container, baseline.held, baseline.since);
    }
  }
  return kept;
}

/** Millijoules since the last sight; undefined when they cannot be true. A reset counter has counted from zero. */
function difference(
  before: Baseline,
  now: number,
  counter: EnergyCounter,
  scrape: CounterObservation,
  rules: PowerLimits,
  events: RateEvents,
): number | undefined {
  let delta = now - before.millijoules;
  if (delta < 0 && -delta <= Math.max(1, before.millijoules * ROUNDING)) delta = 0;
  if (delta < 0 && counter.kind === 'gpu') {
    // The sum over running processes falls when one ends: that is no reset, and what is left was counted before.
    events.gpuFalls += 1;
    return 0;
  }
  if (delta < 0) {
    events.resets += 1;
    delta = now;
  }
  const elapsedMs = scrape.monotonic - before.seen;
  if (elapsedMs > 0 && delta <= rules.maxContainerWatts * elapsedMs) return delta;
  events.implausible += 1;
  return undefined;
}

function noEvents(): RateEvents {
  return {
    firstSights: 0,
    resets: 0,
    gpuFalls: 0,
    gaps: 0,
    implausible: 0,
    held: 0,
    basisChanged: false,
    restarted: false,
  };
}

/** Adds up the counters of containers with the same names and the same interval. */
class EnergyByContainer {
  readonly #scrape: CounterObservation;
  readonly #sums = new Map<string, { container: Container; since: Moment; millijoules: number }>();

  constructor(scrape: CounterObservation) {
    this.#scrape = scrape;
  }

  add(names: Container, millijoules: number, since: Moment): void {
    const { namespace, pod, container, node } = names;
    const key = `${namespace}\0${pod}\0${container}\0${node}\0${since.monotonic}`;
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { container: { namespace, pod, container, node }, since, millijoules });
    else sum.millijoules += millijoules;
  }

  /** The samples, ending at the scrape's wall time; undefined when together they exceed what a node can draw. */
  samples(maxWatts: number): PowerSample[] | undefined {
    const samples: PowerSample[] = [];
    let watts = 0;
    const end = Math.round(this.#scrape.at);
    const { quality } = this.#scrape;
    const how = quality === undefined || quality === 'measured' ? undefined : { powerQuality: quality };
    for (const { container: names, since, millijoules } of this.#sums.values()) {
      const lengthMs = this.#lengthSince(since, end);
      watts += millijoules / lengthMs;
      const container = how === undefined ? names : { ...names, ...how };
      samples.push({ container, start: end - lengthMs, end, joules: joules(millijoules / 1000) });
    }
    return watts <= maxWatts ? samples : undefined;
  }

  /** Neighbouring samples meet exactly by the wall clock, unless that was set meanwhile. */
  #lengthSince(since: Moment, end: number): number {
    const wall = end - since.at;
    const elapsed = this.#scrape.monotonic - since.monotonic;
    return wall > 0 && Math.abs(wall - elapsed) <= CLOCK_STEP_MS ? wall : Math.max(1, Math.round(elapsed));
  }
}
