import type { EpochMs } from '../../grid/units.ts';
import { packNumbers, unpackNumbers } from './bit-packing.ts';
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

/** Packs a chunk: where every tick gave a sample, only its first position is kept; then the energies. */
export function encodeChunk({ positions, millijoules }: Chunk): Uint8Array {
  const first = positions[0] ?? 0;
  const last = positions[positions.length - 1] ?? 0;
  const dense = isDense(positions, first, last);
  writer.unsigned(first * 2 + (dense ? 1 : 0));
  writer.unsigned(positions.length);
  if (!dense)
    for (let index = 1; index < positions.length; index += 1)
      writer.unsigned((positions[index] as number) - (positions[index - 1] as number));
  packNumbers(writer, millijoules);
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
  const count = reader.unsigned();
  const first = Math.floor(head / 2);
  const positions = head % 2 === 1 ? undefined : sparsePositions(reader, first, count);
  const millijoules = unpackNumbers(reader, count);
  for (let index = 0; index < count; index += 1) {
    const position = positions === undefined ? first + index : (positions[index] as number);
    take(starts[position] as number, ends[position] as number, millijoules[index] as number, position);
  }
}

function isDense(positions: readonly number[], first: number, last: number): boolean {
  if (last - first !== positions.length - 1) return false;
  for (let index = 1; index < positions.length; index += 1) if (positions[index] !== first + index) return false;
  return true;
}

function sparsePositions(reader: VarintReader, first: number, count: number): number[] {
  const positions = [first];
  for (let index = 1; index < count; index += 1) positions.push((positions[index - 1] as number) + reader.unsigned());
  return positions;
}
