import { HOUR_MS, type Watts, watts } from '../../shared/grid/units.ts';
import type { CounterLimits } from './counter-increase.ts';
import type { NodeCounters } from './observation.ts';

/** One scrape of a node, and when its response arrived by a clock that never goes back (milliseconds). */
export interface NodeObservation extends Pick<NodeCounters, 'basis' | 'quality' | 'usage'> {
  readonly node: string;
  readonly monotonic: number;
}

/** How long a figure serves, and how long a node that is no longer observed is remembered. */
export const NODE_POWER_TTL_MS = 24 * HOUR_MS;

/** Time after which an interval weighs 1/e of a new one: a day holds the busy hours and the idle ones. */
const MEMORY_MS = 24 * HOUR_MS;
/** Less than this says more about the moment than about the machine. */
const LEAST_MS = 300_000;
const LEAST_CORE_SECONDS = 300;

interface Tally {
  readonly basis: string;
  readonly joules: number;
  readonly monotonic: number;
  /** Energy, busy core-seconds and time of the intervals that counted, older ones for less. */
  readonly usedJoules: number;
  readonly coreSeconds: number;
  readonly measuredMs: number;
}

/** Works out the watts for a busy core of each node: its energy divided by the core-seconds that it was busy for. */
export class NodePowerMeter {
  readonly #rules: Pick<CounterLimits, 'maxGapMs' | 'maxNodeRate'>;
  readonly #tallies = new Map<string, Tally>();

  constructor(rules: Pick<CounterLimits, 'maxGapMs' | 'maxNodeRate'>) {
    this.#rules = rules;
  }

  /** Takes an observation in. One without the node's energy and busy cores, or with modelled energy, changes nothing. */
  take({ node, basis, usage, quality, monotonic }: NodeObservation): void {
    if (node === '' || usage === undefined || quality !== 'measured') return;
    const before = this.#tallies.get(node);
    const { joules, busyCores } = usage;
    const elapsedMs = before === undefined ? 0 : monotonic - before.monotonic;
    const used = before === undefined ? 0 : joules - before.joules;
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    const counts = before?.basis === basis && this.#isPlausible(used, elapsedMs);
    const older = before?.basis === basis ? before : { usedJoules: 0, coreSeconds: 0, measuredMs: 0 };
    this.#tallies.set(node, {
      basis,
      joules,
      monotonic,
      usedJoules: older.usedJoules * kept + (counts ? used : 0),
      coreSeconds: older.coreSeconds * kept + (counts ? (busyCores * elapsedMs) / 1000 : 0),
      measuredMs: older.measuredMs * kept + (counts ? elapsedMs : 0),
    });
  }

  /** Watts for a busy core by node, of nodes that were measured for long enough; forgets those that are gone. */
  wattsPerCore(monotonic: number): ReadonlyMap<string, Watts> {
    const figures = new Map<string, Watts>();
    for (const [node, tally] of this.#tallies) {
      if (monotonic - tally.monotonic > NODE_POWER_TTL_MS) this.#tallies.delete(node);
      else if (tally.measuredMs >= LEAST_MS && tally.coreSeconds >= LEAST_CORE_SECONDS)
        figures.set(node, watts(tally.usedJoules / tally.coreSeconds));
    }
    return figures;
  }

  /** A machine that runs draws something: no difference is a frozen exporter, a fall is one that was restarted. */
  #isPlausible(joules: number, elapsedMs: number): boolean {
    const { maxGapMs, maxNodeRate } = this.#rules;
    return joules > 0 && elapsedMs > 0 && elapsedMs <= maxGapMs && joules <= (maxNodeRate * elapsedMs) / 1000;
  }
}
