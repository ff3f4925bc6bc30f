import { quantile } from '../grid/quantile.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { PowerCalibration } from '../records/power.ts';
import type { NodePowerModel } from './node-model.ts';

/** What measures a node, the best first: a meter on its outlet, its management controller, Kepler's processors and memory. */
export const CALIBRATION_SOURCES = ['meter', 'platform', 'kepler'] as const;
/** One of {@link CALIBRATION_SOURCES}. */
export type CalibrationSource = (typeof CALIBRATION_SOURCES)[number];

/** Energy of one node over the same time, as it was measured and as the model had it before any correction. */
export interface MeasuredPair {
  readonly measured: number;
  readonly modelled: number;
  readonly seconds: number;
}

/** A node, and the name of the model of its type. */
export interface ModelledNode {
  readonly node: string;
  readonly model: string;
}

interface Bucket {
  measured: number;
  modelled: number;
  seconds: number;
}

/** Hours that are remembered: a week has weekdays and weekends. */
const REMEMBERED = 168;
/** Less than this says more about the moment than about the machine. */
const LEAST_SECONDS = 1_800;
/** One machine says little about its brothers beyond this, however even its own hours are. */
const LEAST_SPREAD = 0.1;
const TAIL = 0.1;

/** What measured nodes say about the models of their types: by model, source and hour. */
export class CalibrationRecord {
  readonly #models = new Map<string, Map<CalibrationSource, Map<EpochMs, Bucket>>>();
  /** The correction of each model in the hour in which it was worked out: it changes once an hour. */
  readonly #settled = new Map<string, { readonly hour: EpochMs; readonly calibration: PowerCalibration }>();

  /** Takes in what a measured node used, and what the model of its type had for it. */
  take({ node, model }: ModelledNode, source: CalibrationSource, at: EpochMs, pair: MeasuredPair): void {
    if (!(pair.measured > 0) || !(pair.modelled > 0) || !(pair.seconds > 0)) return;
    for (const key of keysOf({ node, model })) this.#add(key, source, at, pair);
  }

  #add(key: string, source: CalibrationSource, at: EpochMs, { measured, modelled, seconds }: MeasuredPair): void {
    const sources = this.#models.get(key) ?? new Map<CalibrationSource, Map<EpochMs, Bucket>>();
    this.#models.set(key, sources);
    const hours = sources.get(source) ?? new Map<EpochMs, Bucket>();
    sources.set(source, hours);
    const hour = hourOf(at);
    const bucket = hours.get(hour) ?? { measured: 0, modelled: 0, seconds: 0 };
    hours.set(hour, bucket);
    bucket.measured += measured;
    bucket.modelled += modelled;
    bucket.seconds += seconds;
    for (const old of hours.keys()) if (old < hour - REMEMBERED * HOUR_MS) hours.delete(old);
  }

  /** The correction of a node's model: by its own measurements, else by those of its type; undefined while too little was measured. */
  of(node: ModelledNode, now: EpochMs): PowerCalibration | undefined {
    for (const key of keysOf(node)) {
      const calibration = this.#of(key, now);
      if (calibration !== undefined) return calibration;
    }
    return undefined;
  }

  /** Corrections by model of a type, where there are any. */
  *ofTypes(now: EpochMs): Iterable<readonly [model: string, PowerCalibration]> {
    for (const key of this.#models.keys()) {
      const calibration = key.startsWith(OF_NODE) ? undefined : this.#of(key, now);
      if (calibration !== undefined) yield [key, calibration];
    }
  }

  #of(model: string, now: EpochMs): PowerCalibration | undefined {
    const settled = this.#settled.get(model);
    if (settled?.hour === hourOf(now)) return settled.calibration;
    const calibration = this.#worked(model);
    if (calibration !== undefined) this.#settled.set(model, { hour: hourOf(now), calibration });
    return calibration;
  }

  #worked(model: string): PowerCalibration | undefined {
    for (const source of CALIBRATION_SOURCES) {
      const hours = this.#models.get(model)?.get(source);
      if (hours === undefined) continue;
      const sum: Bucket = { measured: 0, modelled: 0, seconds: 0 };
      for (const bucket of hours.values())
        for (const field of ['measured', 'modelled', 'seconds'] as const) sum[field] += bucket[field];
      if (sum.seconds < LEAST_SECONDS) continue;
      const factor = round(sum.measured / sum.modelled);
      const ratios = [...hours.values()].map(({ measured, modelled }) => measured / modelled / factor).sort(ascending);
      return {
        factor,
        source,
        at: Math.max(...hours.keys()) + HOUR_MS,
        low: round(Math.min(1 - LEAST_SPREAD, quantile(ratios, TAIL))),
        high: round(Math.max(1 + LEAST_SPREAD, quantile(ratios, 1 - TAIL))),
      };
    }
    return undefined;
  }
}

const OF_NODE = 'node ';

/** The generic model is of no type: what one such machine draws says nothing about another. */
function keysOf({ node, model }: ModelledNode): readonly string[] {
  return model === 'generic' ? [OF_NODE + node] : [OF_NODE + node, model];
}

/** A model with its watts corrected, and the spread of the measurements as its bounds; unchanged without a correction. */
export function calibrated(model: NodePowerModel, calibration: PowerCalibration | undefined): NodePowerModel {
  if (calibration === undefined) return model;
  const { factor, low, high } = calibration;
  const { idle, at10, at50, full } = model.watts;
  return {
    ...model,
    watts: { idle: idle * factor, at10: at10 * factor, at50: at50 * factor, full: full * factor },
    memoryWatts: model.memoryWatts * factor,
    idleBounds: { low, high },
    dynamicBounds: { low, high },
    calibration,
  };
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** Three places: more would make a difference of every hour without meaning any. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
