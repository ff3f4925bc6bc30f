import type { PowerQuality } from '../../shared/records/power.ts';

/** A time by both clocks, in milliseconds. */
export interface Moment {
  /** Wall clock, since 1970; it may be set. */
  readonly at: number;
  /** A clock that never goes back. */
  readonly monotonic: number;
}

/** One counter of one container in one scrape. */
export interface Counter {
  /** Identifies the counter for the life of its container, even when its labels change. */
  readonly key: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Empty where the exporter does not name it. */
  readonly node: string;
  /** Joules, or seconds of CPU time, since the exporter began to count. */
  readonly total: number;
  /** A `gpu` counter may fall without a reset. */
  readonly kind: 'cpu' | 'gpu';
  /** False while the exporter does not know the container's pod; the names are provisional then. */
  readonly resolved: boolean;
  /** When the value was taken, where the exporter says so. Default: when the response arrived. */
  readonly observedAt?: Moment;
  /** When the container started, milliseconds since 1970: a counter whose container started anew has counted from zero. */
  readonly startedAt?: number | undefined;
}

/** What a whole node used and how busy it was, where an exporter has both. */
export interface NodeUsage {
  /** Joules since the exporter began to count, idle energy included. */
  readonly joules: number;
  /** Cores that were busy in the exporter's last interval: its usage ratio times the processors that it lists. */
  readonly busyCores: number;
}

/** What one scrape of one exporter contained. */
export interface KeplerScrape {
  /** `classic` up to Kepler 0.9, `rewrite` from 0.10. */
  readonly generation: 'classic' | 'rewrite';
  /** The exporter's own version; undefined when the body does not contain it. */
  readonly version: string | undefined;
  /** Which metrics or zones were added up; counters of two scrapes compare only when it is the same. */
  readonly basis: string;
  /** Empty where the body does not name it. */
  readonly node: string;
  readonly quality: PowerQuality;
  /** Joules of containers, and of idle nodes as the container {@link IDLE}. */
  readonly counters: readonly Counter[];
  /** Joules that nodes used while not idle, by node; absent where the exporter does not expose them. */
  readonly active: ReadonlyMap<string, number>;
  /** Joules that GPUs used, by node, idle ones included; absent where the exporter does not expose them. */
  readonly gpus: ReadonlyMap<string, number>;
  /** Watts of whole machines as their management controllers show them, by node; empty where Kepler does not read them. */
  readonly platform: ReadonlyMap<string, number>;
  /** By node; absent where the body lacks the node's energy or its busy cores: always in Kepler up to 0.9. */
  readonly usage: ReadonlyMap<string, NodeUsage>;
  /** The next body of this exporter can be read by its total alone, without the components. */
  readonly totalIsSound: boolean;
  /** Lines that were left out because they are not valid counters. */
  readonly malformed: number;
}

/** What one scrape contained of one node. */
export interface NodeCounters extends Pick<KeplerScrape, 'basis' | 'counters' | 'node' | 'quality'> {
  readonly usage: NodeUsage | undefined;
  /** Joules that the node used while not idle. */
  readonly active: number | undefined;
  /** Joules that its GPUs used, idle ones included. */
  readonly gpus: number | undefined;
}

/** The parts of a body by node, in the order in which nodes occur; most bodies have one. */
export function byNode({ basis, counters, quality, usage, active, gpus }: KeplerScrape): NodeCounters[] {
  const groups = new Map<string, Counter[]>();
  for (const counter of counters) {
    const group = groups.get(counter.node);
    if (group === undefined) groups.set(counter.node, [counter]);
    else group.push(counter);
  }
  return [...groups].map(([node, own]) => ({
    basis,
    quality,
    node,
    counters: own,
    usage: usage.get(node),
    active: active.get(node),
    gpus: gpus.get(node),
  }));
}

/** Names the node of a body that does not name one. */
export function onNode(body: KeplerScrape, node: string): KeplerScrape {
  if (body.node !== '') return body;
  const renamed = <Value>(values: ReadonlyMap<string, Value>) =>
    new Map([...values].map(([name, value]) => [name || node, value] as const));
  return {
    ...body,
    node,
    counters: body.counters.map((counter) => ({ ...counter, node: counter.node || node })),
    usage: renamed(body.usage),
    active: renamed(body.active),
    gpus: renamed(body.gpus),
    platform: renamed(body.platform),
  };
}

/**
 * Why a body gives no counters: it is an HTML page, ends too early, has no metric of Kepler, has none of containers, has
 * no energy zone that covers the processor, or comes from another version than the scrape before.
 */
export type KeplerErrorReason = 'html' | 'truncated' | 'foreign' | 'no-containers' | 'no-usable-zone' | 'changed';

/** Thrown for a body that cannot be trusted or holds no container energy. */
export class KeplerBodyError extends Error {
  readonly reason: KeplerErrorReason;

  constructor(reason: KeplerErrorReason, message: string) {
    super(message);
    this.name = 'KeplerBodyError';
    this.reason = reason;
  }
}
