import type { EpochMs } from '../../units.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/** The intervals of one target's samples within an hour, by end, then start. Both lists have the same length. */
export interface Timeline {
  readonly starts: readonly EpochMs[];
  readonly ends: readonly EpochMs[];
}

/** One series' samples within an hour: positions in the timeline, ascending, and energy in millijoules. */
export interface Chunk {
  readonly positions: readonly number[];
  readonly millijoules: readonly number[];
}

const writer = new VarintWriter();

/** Packs a timeline: gaps between ends, and lengths. */
export function encodeTimeline(hour: EpochMs, { starts, ends }: Timeline): Uint8Array {
  let before = hour;
  for (const [index, end] of ends.entries()) {
    writer.signed(end - before);
    writer.unsigned(end - (starts[index] as number));
    before = end;
  }
  return writer.take();
}

/** Unpacks a timeline. */
export function decodeTimeline(hour: EpochMs, bytes: Uint8Array): Timeline {
  const reader = new VarintReader(bytes);
  const starts: number[] = [];
  const ends: number[] = [];
  let end = hour;
  while (reader.more) {
    end += reader.signed();
    ends.push(end);
    starts.push(end - reader.unsigned());
  }
  return { starts, ends };
}

/** Packs a chunk: where every tick gave a sample, only its first position is kept; energy as differences. */
export function encodeChunk({ positions, millijoules }: Chunk): Uint8Array {
  const first = positions[0] ?? 0;
  const dense = positions.every((position, index) => position === first + index);
  writer.unsigned(first * 2 + (dense ? 1 : 0));
  let before = 0;
  for (const [index, energy] of millijoules.entries()) {
    if (!dense && index > 0) writer.unsigned((positions[index] as number) - (positions[index - 1] as number));
    writer.signed(energy - before);
    before = energy;
  }
  return writer.take();
}

/** Calls back for each sample of a chunk, oldest first. */
export function decodeChunk(
  bytes: Uint8Array,
  { starts, ends }: Timeline,
  take: (start: EpochMs, end: EpochMs, millijoules: number, position: number) => void,
): void {
  const reader = new VarintReader(bytes);
  const head = reader.unsigned();
  const dense = head % 2 === 1;
  let position = Math.floor(head / 2);
  let energy = 0;
  for (let index = 0; reader.more; index += 1) {
    if (index > 0) position += dense ? 1 : reader.unsigned();
    energy += reader.signed();
    take(starts[position] as number, ends[position] as number, energy, position);
  }
}
