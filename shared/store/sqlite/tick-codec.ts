import type { EpochMs } from '../../units.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/** A sample as the store keeps it: series by number, energy in whole millijoules. */
export interface StoredSample {
  readonly series: number;
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly millijoules: number;
}

const writer = new VarintWriter();

/** Packs the samples of one tick: its distinct intervals before its time `t`, then series, interval and energy of each. */
export function encodeTick(t: EpochMs, samples: readonly StoredSample[]): Uint8Array {
  const intervals = new Map<string, number>();
  for (const { start, end } of samples)
    if (!intervals.has(`${start} ${end}`)) intervals.set(`${start} ${end}`, intervals.size);
  writer.unsigned(intervals.size);
  for (const key of intervals.keys()) {
    const [start, end] = key.split(' ').map(Number) as [number, number];
    writer.unsigned(t - end);
    writer.unsigned(end - start);
  }
  let before = 0;
  for (const { series, start, end, millijoules } of [...samples].sort((a, b) => a.series - b.series)) {
    writer.unsigned(series - before);
    if (intervals.size > 1) writer.unsigned(intervals.get(`${start} ${end}`) ?? 0);
    writer.unsigned(millijoules);
    before = series;
  }
  return writer.take();
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
