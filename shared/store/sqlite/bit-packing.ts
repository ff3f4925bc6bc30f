import type { VarintReader, VarintWriter } from './varint.ts';

/** Values that share one base and one width. */
const BLOCK = 64;
const LIMB_BITS = 24;
const LIMB = 2 ** LIMB_BITS;

/**
 * Packs whole numbers from 0 to 2^53 - 1 in blocks: the least of a block, then each value's distance from it in as many
 * bits as the largest needs (frame of reference). Noise of ±5 % around a mean takes half the bytes of differences.
 */
export function packNumbers(writer: VarintWriter, values: ArrayLike<number>): void {
  let base = 0;
  for (let from = 0; from < values.length; from += BLOCK) {
    const to = Math.min(values.length, from + BLOCK);
    let least = values[from] as number;
    let most = least;
    for (let at = from + 1; at < to; at += 1) {
      const value = values[at] as number;
      if (value < least) least = value;
      else if (value > most) most = value;
    }
    const width = bitsOf(most - least);
    writer.signed(least - base);
    writer.unsigned(width);
    if (width > 0) packBlock(writer, values, from, to, least, width);
    base = least;
  }
}

/** Unpacks as many numbers as were packed. */
export function unpackNumbers(reader: VarintReader, count: number): number[] {
  const values: number[] = new Array(count);
  let base = 0;
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(count, from + BLOCK);
    base += reader.signed();
    const width = reader.unsigned();
    if (width === 0) values.fill(base, from, to);
    else unpackBlock(reader, values, from, to, base, width);
  }
  return values;
}

function packBlock(
  writer: VarintWriter,
  values: ArrayLike<number>,
  from: number,
  to: number,
  least: number,
  width: number,
): void {
  let held = 0;
  let bits = 0;
  for (let at = from; at < to; at += 1) {
    let rest = (values[at] as number) - least;
    for (let left = width; left > 0; left -= LIMB_BITS) {
      const take = left < LIMB_BITS ? left : LIMB_BITS;
      const limb = take === left ? rest : rest % LIMB;
      if (take !== left) rest = Math.floor(rest / LIMB);
      held |= limb << bits;
      bits += take;
      while (bits >= 8) {
        writer.byte(held & 255);
        held >>>= 8;
        bits -= 8;
      }
    }
  }
  if (bits > 0) writer.byte(held & 255);
}

function unpackBlock(
  reader: VarintReader,
  values: number[],
  from: number,
  to: number,
  base: number,
  width: number,
): void {
  let held = 0;
  let bits = 0;
  for (let at = from; at < to; at += 1) {
    let value = 0;
    let scale = 1;
    for (let left = width; left > 0; left -= LIMB_BITS) {
      const take = left < LIMB_BITS ? left : LIMB_BITS;
      while (bits < take) {
        held |= reader.byte() << bits;
        bits += 8;
      }
      value += (held & (LIMB - 1) & ((1 << take) - 1)) * scale;
      held >>>= take;
      bits -= take;
      scale *= LIMB;
    }
    values[at] = base + value;
  }
}

function bitsOf(value: number): number {
  if (value < 2 ** 31) return 32 - Math.clz32(value);
  let bits = 0;
  for (let rest = value; rest >= 1; rest /= 2) bits += 1;
  return bits;
}
