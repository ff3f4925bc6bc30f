import type { PowerSample } from '../../../shared/records/power.ts';

/** Everything that a stream gives. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The samples of all batches, in order. */
export async function collectSamples(batches: AsyncIterable<readonly PowerSample[]>): Promise<PowerSample[]> {
  return (await collect(batches)).flat();
}
