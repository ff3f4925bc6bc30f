import { type Joules, joules } from '../../shared/grid/units.ts';
import type { Container, PowerQuality, PowerSample } from '../../shared/records/power.ts';

/** A time by both clocks, in milliseconds: the wall clock, which may be set, and one that never goes back. */
export interface Moment {
  readonly at: number;
  readonly monotonic: number;
}

/** The samples of one observation. */
export interface ContainerSamples {
  readonly samples: PowerSample[];
  /** Nodes whose samples were left out because together they exceed what one node can draw. */
  readonly implausibleNodes: number;
}

/** Difference between the two clocks from which on the wall clock was set. */
const CLOCK_STEP_MS = 1_000;

/** Adds up the energy of containers with the same names and the same interval. */
export class ContainerEnergy {
  readonly #end: Moment;
  readonly #quality: PowerQuality;
  readonly #sums = new Map<string, { container: Container; since: Moment; millijoules: number }>();

  constructor(end: Moment, quality: PowerQuality) {
    this.#end = end;
    this.#quality = quality;
  }

  /** Adds millijoules used since a moment. */
  add({ namespace, pod, container, node }: Container, millijoules: number, since: Moment): void {
    const key = `${namespace}\0${pod}\0${container}\0${node}\0${since.monotonic}`;
    const sum = this.#sums.get(key);
    if (sum !== undefined) sum.millijoules += millijoules;
    else {
      // Measured is what is meant where nothing is said.
      const quality = this.#quality === 'measured' ? undefined : { powerQuality: this.#quality };
      this.#sums.set(key, { container: { namespace, pod, container, node, ...quality }, since, millijoules });
    }
  }

  /** One sample for each container and interval, ending at the observation's wall time. */
  samples(maxNodeWatts: number): ContainerSamples {
    const samples: PowerSample[] = [];
    const watts = new Map<string, number>();
    for (const { container, since, millijoules } of this.#sums.values()) {
      const lengthMs = lengthOf(since, this.#end);
      watts.set(container.node, (watts.get(container.node) ?? 0) + millijoules / lengthMs);
      samples.push({ container, start: this.#end.at - lengthMs, end: this.#end.at, joules: inJoules(millijoules) });
    }
    const implausible = new Set([...watts].filter(([, total]) => total > maxNodeWatts).map(([node]) => node));
    return {
      samples: implausible.size === 0 ? samples : samples.filter(({ container }) => !implausible.has(container.node)),
      implausibleNodes: implausible.size,
    };
  }
}

/** Neighbouring samples meet exactly by the wall clock, unless that was set meanwhile. */
function lengthOf(since: Moment, end: Moment): number {
  const wall = end.at - since.at;
  const elapsed = end.monotonic - since.monotonic;
  return wall > 0 && Math.abs(wall - elapsed) <= CLOCK_STEP_MS ? wall : Math.max(1, Math.round(elapsed));
}

function inJoules(millijoules: number): Joules {
  return joules(millijoules / 1000);
}
