import type { Container } from '../../shared/records/power.ts';
import type { Counter, Moment } from './observation.ts';

/** What a container used between two moments, in the unit of its counters: joules, or seconds of CPU time. */
export interface Increase {
  readonly container: Container;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** A multiple of a thousandth. */
  readonly amount: number;
}

/** Difference between the two clocks from which on the wall clock was set. */
const CLOCK_STEP_MS = 1_000;

/** Adds up the increases of counters of containers with the same names and the same interval, in thousandths. */
export class ContainerIncreases {
  readonly #sums = new Map<string, { container: Container; since: Moment; until: Moment; thousandths: number }>();

  /** Adds what was used between two moments, by the names of a counter. */
  add(
    { namespace, pod, container, node, kind }: Pick<Counter, 'namespace' | 'pod' | 'container' | 'node' | 'kind'>,
    thousandths: number,
    since: Moment,
    until: Moment,
  ): void {
    const key = `${namespace}\0${pod}\0${container}\0${node}\0${kind}\0${since.monotonic}\0${until.monotonic}`;
    const sum = this.#sums.get(key);
    if (sum !== undefined) sum.thousandths += thousandths;
    else {
      const device = kind === 'gpu' ? { device: kind } : undefined;
      this.#sums.set(key, { container: { namespace, pod, container, node, ...device }, since, until, thousandths });
    }
  }

  /** One increase for each container and interval, without those of nodes that exceed the limit, which are counted. */
  finish(maxNodeRate: number): { readonly increases: Increase[]; readonly implausibleNodes: number } {
    const increases: Increase[] = [];
    const rates = new Map<string, number>();
    for (const { container, since, until, thousandths } of this.#sums.values()) {
      const lengthMs = lengthOf(since, until);
      rates.set(container.node, (rates.get(container.node) ?? 0) + thousandths / lengthMs);
      increases.push({ container, start: until.at - lengthMs, end: until.at, amount: thousandths / 1000 });
    }
    const implausible = new Set([...rates].filter(([, rate]) => rate > maxNodeRate).map(([node]) => node));
    return {
      increases:
        implausible.size === 0 ? increases : increases.filter(({ container }) => !implausible.has(container.node)),
      implausibleNodes: implausible.size,
    };
  }
}

/** Neighbouring intervals meet exactly by the wall clock, unless that was set meanwhile. */
function lengthOf(since: Moment, until: Moment): number {
  const wall = until.at - since.at;
  const elapsed = until.monotonic - since.monotonic;
  return wall > 0 && Math.abs(wall - elapsed) <= CLOCK_STEP_MS ? wall : Math.max(1, Math.round(elapsed));
}
