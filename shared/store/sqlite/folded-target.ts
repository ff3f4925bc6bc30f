import type { EpochMs } from '../../grid/units.ts';
import type { Chunk, Timeline } from './chunk-codec.ts';

/** One series' samples: indexes of their intervals, and energy. The lists have the same length. */
interface SeriesSamples {
  readonly series: number;
  readonly intervals: number[];
  readonly millijoules: number[];
}

/** Collects one target's samples of an hour by series, with their intervals shared. */
export class FoldedTarget {
  readonly #series = new Map<number, SeriesSamples>();
  readonly #list: SeriesSamples[] = [];
  readonly #starts: EpochMs[] = [];
  readonly #ends: EpochMs[] = [];
  readonly #index = new Map<EpochMs, Map<EpochMs, number>>();
  #last = -1;
  #at = -1;

  /** Adds a sample. */
  push(series: number, start: EpochMs, end: EpochMs, millijoules: number): void {
    const interval = this.#interval(start, end);
    const samples = this.#samplesOf(series);
    samples.intervals.push(interval);
    samples.millijoules.push(millijoules);
  }

  /** The intervals in order of time, and each series' samples by their positions there. */
  finish(): { timeline: Timeline; chunks: { series: number; chunk: Chunk }[] } {
    const order = this.#ends.map((_, interval) => interval);
    order.sort((a, b) => this.#compare(a, b));
    const positionOf = new Array<number>(order.length);
    for (const [position, interval] of order.entries()) positionOf[interval] = position;
    const timeline = {
      starts: order.map((interval) => this.#starts[interval] as number),
      ends: order.map((interval) => this.#ends[interval] as number),
    };
    const chunks = this.#list.map((samples) => ({ series: samples.series, chunk: inOrder(samples, positionOf) }));
    return { timeline, chunks };
  }

  /** Ticks list the same series in the same order, so the one sought mostly comes after the one before. */
  #samplesOf(series: number): SeriesSamples {
    this.#at += 1;
    if (this.#list[this.#at]?.series === series) return this.#list[this.#at] as SeriesSamples;
    if (this.#list[0]?.series === series) {
      this.#at = 0;
      return this.#list[0];
    }
    let samples = this.#series.get(series);
    if (samples === undefined) {
      samples = { series, intervals: [], millijoules: [] };
      this.#series.set(series, samples);
      this.#at = this.#list.push(samples) - 1;
    }
    return samples;
  }

  /** The samples of one tick have mostly one interval, so the last one found is mostly the one sought. */
  #interval(start: EpochMs, end: EpochMs): number {
    if (this.#starts[this.#last] === start && this.#ends[this.#last] === end) return this.#last;
    const ofEnd = this.#index.get(end) ?? new Map<EpochMs, number>();
    this.#index.set(end, ofEnd);
    let interval = ofEnd.get(start);
    if (interval === undefined) {
      interval = this.#starts.push(start) - 1;
      this.#ends.push(end);
      ofEnd.set(start, interval);
    }
    this.#last = interval;
    return interval;
  }

  #compare(a: number, b: number): number {
    const ends = (this.#ends[a] as number) - (this.#ends[b] as number);
    return ends || (this.#starts[a] as number) - (this.#starts[b] as number);
  }
}

function inOrder({ intervals, millijoules }: SeriesSamples, positionOf: readonly number[]): Chunk {
  const positions = new Array<number>(intervals.length);
  let sorted = true;
  for (let index = 0; index < intervals.length; index += 1) {
    const position = positionOf[intervals[index] as number] as number;
    if (index > 0 && (positions[index - 1] as number) > position) sorted = false;
    positions[index] = position;
  }
  if (sorted) return { positions, millijoules };
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] as number) - (positions[b] as number));
  return {
    positions: order.map((index) => positions[index] as number),
    millijoules: order.map((index) => millijoules[index] as number),
  };
}
