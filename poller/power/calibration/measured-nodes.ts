import type { CalibrationSource } from '../../../shared/power-model/calibration.ts';
import type { PowerSample } from '../../../shared/records/power.ts';

/** The mean power of a node over its last interval, and what measured it. */
export interface MeasuredNode {
  readonly watts: number;
  readonly source: CalibrationSource;
  /** When the interval ended, by a clock that never goes back (milliseconds). */
  readonly monotonic: number;
}

/** What measured nodes drew last, for the correction of the models of their types. */
export class MeasuredNodes {
  readonly #nodes = new Map<string, MeasuredNode>();

  /** Takes in what was recorded of a node that Kepler measures: processors and memory, without GPUs. */
  recorded(node: string, samples: readonly PowerSample[], monotonic: number): void {
    let [joules, start, end] = [0, Infinity, -Infinity];
    for (const { container, joules: energy, ...sample } of samples) {
      if (container.device === 'gpu') continue;
      if (container.powerQuality !== undefined && container.powerQuality !== 'measured') return;
      joules += energy;
      start = Math.min(start, sample.start);
      end = Math.max(end, sample.end);
    }
    if (end > start && joules > 0)
      this.#take(node, { watts: (joules * 1000) / (end - start), source: 'kepler', monotonic });
  }

  /** Takes in what the management controller of a node shows. */
  platform(node: string, watts: number, monotonic: number): void {
    this.#take(node, { watts, source: 'platform', monotonic });
  }

  /** What a node drew; undefined where nothing measured it since a time. */
  of(node: string, since: number): MeasuredNode | undefined {
    const known = this.#nodes.get(node);
    return known !== undefined && known.monotonic >= since ? known : undefined;
  }

  #take(node: string, measured: MeasuredNode): void {
    const known = this.#nodes.get(node);
    // The controller sees the whole machine: Kepler's part of it does not replace that of the same scrape.
    if (known?.source === 'platform' && measured.source === 'kepler' && known.monotonic >= measured.monotonic) return;
    this.#nodes.set(node, measured);
  }
}
