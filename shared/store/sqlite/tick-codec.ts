import type { EpochMs } from '../../grid/units.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/** A sample as the store keeps it: series by number, energy in whole millijoules. */
export interface StoredSample {
  readonly series: number;
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly millijoules: number;
}

const writer = new VarintWriter();

/** Samples by ascending series, those of one series in their order. */
export function bySeries(samples: readonly StoredSample[]): readonly StoredSample[] {
  for (let index = 1; index < samples.length; index += 1)
    if ((samples[index] as StoredSample).series < (samples[index - 1] as StoredSample).series)
      return samples.toSorted((a, b) => a.series - b.series);
  return samples;
}

/** Packs the samples of one tick: its distinct intervals before its time `t`, then series, interval and energy of each. */
export function encodeTick(t: EpochMs, samples: readonly StoredSample[]): Uint8Array {
  const sorted = bySeries(samples);
  const { starts, ends, of } = intervalsOf(sorted);
  writer.unsigned(ends.length);
  for (const [interval, end] of ends.entries()) {
    writer.unsigned(t - end);
    writer.unsigned(end - (starts[interval] as number));
  }
  let before = 0;
  for (const [index, { series, millijoules }] of sorted.entries()) {
    writer.unsigned(series - before);
    if (ends.length > 1) writer.unsigned(of[index] as number);
    writer.unsigned(millijoules);
    before = series;
  }
  return writer.take();
}

/** The distinct intervals of some samples, and which one each sample has. */
function intervalsOf(samples: readonly StoredSample[]): { starts: EpochMs[]; ends: EpochMs[]; of: number[] } {
  const starts: EpochMs[] = [];
  const ends: EpochMs[] = [];
  const known = new Map<string, number>();
  let last = -1;
  const of = samples.map(({ start, end }) => {
    // Samples of one scrape mostly share one interval.
    if (starts[last] === start && ends[last] === end) return last;
    const key = `${start} ${end}`;
    last = known.get(key) ?? starts.push(start) - 1;
    if (!known.has(key)) ends.push(end);
    known.set(key, last);
    return last;
  });
  return { starts, ends, of };
}

/** Calls back for each sample of a tick, by ascending series. */
export function decodeTick(
  t: EpochMs,
  bytes: Uint8Array,
  take: (series: number, start: EpochMs, end: EpochMs, millijoules: number) => void,
): void {
  const reader = new VarintReader(bytes);
  const count = reader.unsigned();
  const ends: number[] = [];
  const starts: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const end = t - reader.unsigned();
    ends.push(end);
    starts.push(end - reader.unsigned());
  }
  let series = 0;
  while (reader.more) {
    series += reader.unsigned();
    const interval = count > 1 ? reader.unsigned() : 0;
    take(series, starts[interval] as number, ends[interval] as number, reader.unsigned());
  }
}
