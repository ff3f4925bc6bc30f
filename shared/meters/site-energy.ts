import { type IntensityAt, intervalEmissions } from '../emissions/pricing.ts';
import { forEachHour } from '../grid/hours.ts';
import type { Quality } from '../grid/intensity.ts';
import { type EpochMs, type Grams, HOUR_MS, type Joules } from '../grid/units.ts';
import type { MeterReading } from '../records/meter-reading.ts';
import type { TimeRange } from '../records/power.ts';

/** Energy of one device in one UTC hour, and the milliseconds of it for which its power is known. */
export interface DeviceHour {
  readonly deviceId: string;
  readonly hour: EpochMs;
  joules: number;
  coveredMs: number;
}

/**
 * Turns a device's readings into energy: between two readings the power is their mean (trapezoid rule); over a gap
 * longer than the limit it is not known. Hand in readings oldest first; those around the range reach over its edges.
 */
export class SiteEnergy {
  readonly #range: TimeRange;
  readonly #maxGapMs: number;
  readonly #last = new Map<string, MeterReading>();
  readonly #hours = new Map<string, DeviceHour>();

  constructor(range: TimeRange, maxGapMs: number) {
    this.#range = range;
    this.#maxGapMs = maxGapMs;
  }

  /** Takes a device's next reading. */
  add(reading: MeterReading): void {
    const before = this.#last.get(reading.deviceId);
    this.#last.set(reading.deviceId, reading);
    if (before === undefined || reading.timestamp - before.timestamp > this.#maxGapMs) return;
    const start = Math.max(before.timestamp, this.#range.from);
    const end = Math.min(reading.timestamp, this.#range.to);
    const mean = (before.watts + reading.watts) / 2;
    forEachHour(start, end, (hour, ms) => {
      const sum = this.#hourOf(reading.deviceId, hour);
      sum.joules += (mean * ms) / 1000;
      sum.coveredMs += ms;
    });
  }

  /** What is known, by device and hour. */
  hours(): readonly DeviceHour[] {
    return [...this.#hours.values()];
  }

  #hourOf(deviceId: string, hour: EpochMs): DeviceHour {
    const key = `${hour} ${deviceId}`;
    let known = this.#hours.get(key);
    if (known === undefined) {
      known = { deviceId, hour, joules: 0, coveredMs: 0 };
      this.#hours.set(key, known);
    }
    return known;
  }
}

/** Energy and emissions of some device hours. Undefined where nothing is known. */
export interface MeteredEmissions {
  readonly joules: Joules | undefined;
  /** Emissions of the part of the energy for which the intensity is known. */
  readonly grams: Grams | undefined;
  /** Milliseconds, summed over devices, for which the power is known. */
  readonly poweredMs: number;
  /** Milliseconds of those for which the intensity is known, too. */
  readonly pricedMs: number;
  /** Joules of the part of the energy for which the intensity is known. */
  readonly pricedJoules: number;
  readonly qualities: ReadonlySet<Quality>;
}

/** Prices device hours with the intensity of their hour. */
export function meteredEmissions(hours: Iterable<DeviceHour>, at: IntensityAt): MeteredEmissions {
  let joules = 0;
  let grams = 0;
  let poweredMs = 0;
  let pricedMs = 0;
  let pricedJoules = 0;
  const qualities = new Set<Quality>();
  for (const { hour, joules: energy, coveredMs } of hours) {
    joules += energy;
    poweredMs += coveredMs;
    const priced = intervalEmissions(energy as Joules, hour, hour + HOUR_MS, at);
    if (priced.grams === undefined) continue;
    grams += priced.grams;
    pricedMs += coveredMs;
    pricedJoules += energy;
    for (const quality of priced.qualities) qualities.add(quality);
  }
  return {
    joules: poweredMs > 0 ? (joules as Joules) : undefined,
    grams: pricedMs > 0 ? (grams as Grams) : undefined,
    poweredMs,
    pricedMs,
    pricedJoules,
    qualities,
  };
}
