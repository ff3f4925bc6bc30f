import type { PowerQuality } from '../../shared/records/power.ts';

/** One energy counter of one container, as one scrape saw it. */
export interface EnergyCounter {
  /** Names the counter for the life of its container, whatever happens to the labels. */
  readonly key: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Empty where the exporter does not tell it. */
  readonly node: string;
  /** Joules since the exporter began to count. */
  readonly joules: number;
  /** A `gpu` counter may fall without having been reset. */
  readonly kind: 'cpu' | 'gpu';
  /** False while the exporter does not know the container's pod; the names are a stop-gap then. */
  readonly resolved: boolean;
}

/** Namespace, pod and container of a counter of what a node used beside its containers. */
export const IDLE = '__idle__';

/** What a whole node used and how busy it was, where an exporter tells both. */
export interface NodeUsage {
  /** Joules since the exporter began to count, idle energy included. */
  readonly joules: number;
  /** Processors' worth of work when the exporter last looked: its usage ratio times the processors that it lists. */
  readonly busyCores: number;
}

/** What one scrape of one exporter said. */
export interface KeplerScrape {
  /** `classic` up to Kepler 0.9, `rewrite` from 0.10. */
  readonly generation: 'classic' | 'rewrite';
  /** As the exporter tells it; undefined when it does not. */
  readonly version: string | undefined;
  /** Which metrics or zones were added up; counters of two scrapes compare only when it is the same. */
  readonly basis: string;
  readonly node: string;
  readonly quality: PowerQuality;
  readonly counters: readonly EnergyCounter[];
  /** Absent where energy or busy cores of the node are not told: always in Kepler up to 0.9. */
  readonly nodeUse?: NodeUsage;
  /** The next body of this exporter can be read by its total alone, without the parts that it is made of. */
  readonly totalIsSound: boolean;
  /** Lines that were left out because they are no valid counters. */
  readonly malformed: number;
}

/** Why a body gives no counters. */
export type KeplerErrorReason = 'html' | 'truncated' | 'foreign' | 'no-containers' | 'no-usable-zone' | 'changed';

/** A body that cannot be trusted or holds no container energy. */
export class KeplerBodyError extends Error {
  readonly kind: KeplerErrorReason;

  constructor(kind: KeplerErrorReason, detail: string) {
    super(detail);
    this.name = 'KeplerBodyError';
    this.kind = kind;
  }
}
