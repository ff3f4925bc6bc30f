import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Container, PowerDevice } from '../records/power.ts';
import { workloadName } from '../records/workload-name.ts';
import { type ActivityHour, type ActivitySource, activityHours } from './activity.ts';
import { emissions } from './pricing.ts';

/** Hours before the running one whose records may still come: of nodes that could not be reached for a while. */
const LATE_HOURS = 3;

/** Energy and emissions of one workload since the first observation. Neither ever falls. */
export interface WorkloadTotal {
  readonly namespace: string;
  readonly workload: string;
  readonly device: PowerDevice | undefined;
  /** Grid zone of its node; null where it is not known. */
  readonly zone: string | null;
  joules: number;
  /** Of the energy whose intensity was known within three hours, at the intensity of its hour. */
  grams: number;
}

interface Seen {
  joules: number;
  pricedJoules: number;
}

/** Adds up what workloads use from now on, from the hourly rollup of a store, which grows while an hour runs. */
export class RunningTotals {
  readonly #source: ActivitySource;
  readonly #totals = new Map<string, WorkloadTotal>();
  readonly #nodes = new Map<string, number>();
  #seen: Map<string, Seen> | undefined;

  constructor(source: ActivitySource) {
    this.#source = source;
  }

  /** Takes what is new since the last call; the first one only notes what is there already. */
  async observe(now: EpochMs): Promise<void> {
    const range = { from: hourOf(now) - LATE_HOURS * HOUR_MS, to: hourOf(now) + HOUR_MS };
    const isFirst = this.#seen === undefined;
    const next = new Map<string, Seen>();
    for await (const hours of activityHours(this.#source, { range }))
      for (const hour of hours) {
        const key = `${keyOf(hour.container)}/${hour.hour}`;
        const seen = isFirst ? { joules: hour.joules, pricedJoules: hour.joules } : this.#seen?.get(key);
        next.set(key, this.#add(hour, seen ?? { joules: 0, pricedJoules: 0 }));
      }
    this.#seen = next;
  }

  /** Totals by namespace and workload. */
  workloads(): Iterable<WorkloadTotal> {
    return this.#totals.values();
  }

  /** Joules by node, idle energy and that of other processes included. */
  nodes(): Iterable<readonly [node: string, joules: number]> {
    return this.#nodes;
  }

  #add({ container, joules, price, zone }: ActivityHour, seen: Seen): Seen {
    const total = this.#totalOf(container, zone);
    const more = Math.max(0, joules - seen.joules);
    total.joules += more;
    this.#nodes.set(container.node, (this.#nodes.get(container.node) ?? 0) + more);
    if (price === undefined) return { joules: seen.joules + more, pricedJoules: seen.pricedJoules };
    const unpriced = Math.max(0, joules - seen.pricedJoules);
    total.grams += emissions(unpriced as typeof joules, price.carbonIntensity);
    return { joules: seen.joules + more, pricedJoules: seen.pricedJoules + unpriced };
  }

  #totalOf({ namespace, pod, device }: Container, zone: string | null): WorkloadTotal {
    const workload = workloadName(pod);
    const key = [namespace, workload, device ?? '', zone ?? ''].join('/');
    let total = this.#totals.get(key);
    if (total === undefined) {
      total = { namespace, workload, device, zone, joules: 0, grams: 0 };
      this.#totals.set(key, total);
    }
    return total;
  }
}

function keyOf({ namespace, pod, container, node, device }: Container): string {
  return `${namespace}/${pod}/${container}/${node}/${device ?? ''}`;
}
