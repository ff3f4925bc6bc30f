import type { HourlyIntensity, Quality } from '../grid/intensity.ts';
import type { EpochMs, GramsPerKwh, Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';

/** How power came to be known: counted by hardware, worked out by a model, or invented for a demonstration. */
export type PowerQuality = 'measured' | 'modelled' | 'simulated';

/** What energy was used on beside processors and memory. */
export type PowerDevice = 'gpu';

/** A container, by its names in Kubernetes. `node` is empty where the exporter does not name it. */
export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  /** `gpu`: what it used on GPUs, which is recorded apart; absent: on processors and memory. Part of its identity. */
  readonly device?: PowerDevice | undefined;
  /** How the container's power was last known; absent: measured. Not part of its identity. */
  readonly powerQuality?: PowerQuality | undefined;
  /** The model behind `modelled` power, where it is known. Not part of its identity. */
  readonly powerModel?: PowerModel | undefined;
}

/** A model that power comes from, and how far it may be off: the truth lies within 80 times of 100. */
export interface PowerModel {
  /** Such as `aws:m5.xlarge`, `cpu:Cascade Lake`, `generic`. */
  readonly name: string;
  /** Bounds of the energy, as factors of it. */
  readonly low: number;
  readonly high: number;
  /** How measured nodes of the same type have corrected it; absent: none were. */
  readonly calibration?: PowerCalibration | undefined;
}

/** The correction of a model by nodes that something measures. */
export interface PowerCalibration {
  /** Measured energy over modelled energy. */
  readonly factor: number;
  /** What measured: a meter on the outlet, the management controller, or Kepler (processors and memory alone). */
  readonly source: 'meter' | 'platform' | 'kepler';
  /** End of the newest hour that it is made of. */
  readonly at: EpochMs;
  /** Spread of the measured hours around it, as factors of the corrected energy: 80 of 100 lie within. */
  readonly low: number;
  readonly high: number;
}

/** Namespace, pod and container of the energy that a node used while idle. */
export const IDLE = '__idle__';
/** Namespace, pod and container of the energy of processes outside containers: the kernel, the kubelet, daemons of the host. */
export const SYSTEM = '__system__';
/** Namespace, pod and container of what a meter on a node's outlet counted beyond everything else that is known of the node. */
export const UNMETERED = '__unmetered__';

/** Energy that one container used over [start, end). Power is joules / seconds. */
export interface PowerSample {
  readonly container: Container;
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly joules: Joules;
}

/** All samples of one scrape of one target: written whole or not at all. */
export interface PowerTick {
  readonly target: string;
  readonly samples: readonly PowerSample[];
  /** When the target's response arrived; also for a scrape that gave no samples. Absent where not known. */
  readonly scrapedAt?: EpochMs | undefined;
}

/** Labels of a pod, as last seen in Kubernetes. */
export interface PodLabels {
  readonly namespace: string;
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Energy of one container in one UTC hour, from the rollup. */
export interface HourlyEnergy {
  readonly container: Container;
  readonly hour: EpochMs;
  readonly joules: Joules;
  /** Milliseconds of the hour for which power is known. */
  readonly coveredMs: number;
}

/** Intensities of hours, as far as they are known. */
export type HourPrices = (
  hour: EpochMs,
) => { readonly carbonIntensity: GramsPerKwh; readonly quality: Quality } | undefined;

/** What a store adds up: energy of whole hours by class and piece of time. Containers of a class are priced alike. */
export interface EnergyTotalsRequest {
  /** Containers with the place of their class; others are left out. */
  readonly members: readonly (readonly [container: Container, classAt: number])[];
  /** For each class the place of its prices; undefined: no intensity is known for it. */
  readonly classes: readonly (number | undefined)[];
  readonly prices: readonly HourPrices[];
  /** Consecutive parts of the time, each of whole UTC hours; one without any hour ends where it begins. */
  readonly pieces: readonly TimeRange[];
}

/** Energy of one class in a piece of time, or in a part of it: the figures of several add up. Only those with any are given. */
export interface EnergyTotal {
  readonly classAt: number;
  readonly pieceAt: number;
  /** Whole millijoules, exact up to 2^53. */
  readonly millijoules: number;
  /** Time for which power is known, added up over the containers. */
  readonly coveredMs: number;
  /** Of the hours whose intensity is known: millijoules, the same times gCO2eq/kWh, and the time. */
  readonly pricedMillijoules: number;
  readonly weightedMillijoules: number;
  readonly pricedMs: number;
  /** The worst quality of the intensities in use; undefined while none is. */
  readonly worst: Quality | undefined;
}

/** Energy of one class in an hour, or a part of it: the figures of several add up. */
export interface HourTotal {
  readonly classAt: number;
  readonly hour: EpochMs;
  /** Whole millijoules, exact up to 2^53. */
  readonly millijoules: number;
}

/** For how long the power of a node is known in a piece of time, or in a part of it: the figures of several add up. */
export interface NodeTime {
  readonly node: string;
  readonly pieceAt: number;
  /** Each hour as long as that of the container with most. */
  readonly coveredMs: number;
}

/** Narrows a query; absent fields match everything. */
export interface ContainerFilter {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  readonly node?: string | undefined;
}

/** A span of time: from ≤ t < to. */
export interface TimeRange {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** A place in the order in which samples are given: the container, and the end of its sample. */
export interface SamplePosition {
  readonly container: Container;
  readonly end: EpochMs;
}

/** What the store holds, for the health responses. */
export interface PowerTotals {
  readonly containers: number;
  /** Blocks kept: a block is a container's samples of one minute. */
  readonly blocks: number;
  /** Blocks of the newest minute that has samples. */
  readonly currentBlocks: number;
  /** End of the newest sample; undefined when there is none. */
  readonly lastMeasurement: EpochMs | undefined;
  /** When an exporter last answered; absent where the store does not keep it. */
  readonly lastScrape?: EpochMs | undefined;
  /** Blocks that wait to be written to a database that cannot be reached; absent: none wait. */
  readonly pendingBlocks?: number | undefined;
}

/** A container with the time that its samples span. */
export interface ContainerSpan {
  readonly container: Container;
  readonly first: EpochMs;
  readonly last: EpochMs;
}

/** Keeps container energy: the recorder's side. */
export interface PowerWriter {
  /** Durable when it resolves. */
  append(tick: PowerTick): Promise<void>;
  /** Folds finished hours into their compact form; a call that was cut off is resumed by the next. */
  compact(now: EpochMs): Promise<void>;
  /** Forgets everything before a time, carbon intensity too; returns the number of hours of power removed. */
  forgetBefore(time: EpochMs): Promise<number>;
  /** Forgets the oldest hours until the store is no larger than some bytes; returns their number. Absent where the store has no size. */
  forgetBeyond?(maxBytes: number): Promise<number>;
  /** Keeps what pods are labelled with; the newest labels of a pod win. Absent where the store cannot. */
  recordLabels?(pods: readonly PodLabels[], now: EpochMs): Promise<void>;
}

/** Reads container energy: the API's side. */
export interface PowerReader {
  containers(filter?: ContainerFilter): Promise<ContainerSpan[]>;
  /**
   * Samples that overlap the range, by container, oldest first, in batches of one container each. `after` is a hint
   * that the reader will skip everything up to that container and time, which a store may leave out.
   */
  samples(filter: ContainerFilter, range: TimeRange, after?: SamplePosition): AsyncIterable<readonly PowerSample[]>;
  /** The newest samples of each container that matches: those of its last `blocks` minutes that have samples. */
  lastBlocks(filter: ContainerFilter, blocks: number): Promise<PowerSample[]>;
  /** Energy by container and hour. */
  hourly(filter: ContainerFilter, range: TimeRange): AsyncIterable<HourlyEnergy>;
  /** Energy added up where it is kept. Absent where the store is no faster than a reader of its hours. */
  energyTotals?(request: EnergyTotalsRequest): Promise<EnergyTotal[]>;
  /** Energy of whole UTC hours by class and hour, added up likewise; present with {@link energyTotals}. Others than members are left out. */
  hourTotals?(members: EnergyTotalsRequest['members'], hours: TimeRange): Promise<HourTotal[]>;
  /** Time for which the power of nodes is known, added up likewise; present with {@link energyTotals}. */
  nodeTimes?(pieces: readonly TimeRange[]): Promise<NodeTime[]>;
  totals(): Promise<PowerTotals>;
  /** Labels of all pods that have any; undefined while none were ever recorded. Absent where the store cannot. */
  podLabels?(): Promise<readonly PodLabels[] | undefined>;
}

/** Keeps carbon intensity by zone and hour. */
export interface IntensityWriter {
  /**
   * Newest value of an hour and signal wins, but a worse quality never replaces a better one. A known energy mix stays
   * when the newer row has none. All rows or none; durable when it resolves.
   */
  record(readings: readonly HourlyIntensity[]): Promise<void>;
}

/** Reads carbon intensity by zone and hour. */
export interface IntensityReader {
  /** Known hours of the zones that the range touches, by zone, oldest first. */
  intensities(zones: readonly Zone[], range: TimeRange): Promise<HourlyIntensity[]>;
  /** Zones with any history. */
  zones(): Promise<Zone[]>;
}

/** The history of power and carbon intensity as the poller has it. */
export type WritableStore = PowerWriter & PowerReader & IntensityWriter & IntensityReader;
/** The history of power and carbon intensity as API and CLI have it. */
export type ReadableStore = PowerReader & IntensityReader;
