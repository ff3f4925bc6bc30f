import { VarintReader, VarintWriter } from './varint.ts';

/** Energy of one series within an hour. */
export interface SeriesEnergy {
  millijoules: number;
  coveredMs: number;
}

const writer = new VarintWriter();

/** Packs the energies of an hour by ascending series. */
export function encodeEnergy(energies: ReadonlyMap<number, SeriesEnergy>): Uint8Array {
  let before = 0;
  let coveredBefore = 0;
  for (const series of [...energies.keys()].sort((a, b) => a - b)) {
    const { millijoules, coveredMs } = energies.get(series) as SeriesEnergy;
    writer.unsigned(series - before);
    writer.unsigned(millijoules);
    // Series of one target are covered alike.
    writer.signed(coveredMs - coveredBefore);
    before = series;
    coveredBefore = coveredMs;
  }
  return writer.take();
}

/** Calls back for each series of an hour. */
export function decodeEnergy(
  bytes: Uint8Array,
  take: (series: number, millijoules: number, coveredMs: number) => void,
): void {
  const reader = new VarintReader(bytes);
  let series = 0;
  let coveredMs = 0;
  while (reader.more) {
    series += reader.unsigned();
    const millijoules = reader.unsigned();
    coveredMs += reader.signed();
    take(series, millijoules, coveredMs);
  }
}
