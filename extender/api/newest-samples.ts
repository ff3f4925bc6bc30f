import type { ContainerFilter, PowerReader, PowerSample } from '../../shared/records/power.ts';

/** Samples that a minute has at the least where a container runs all the time and is scraped every 15 s. */
const SAMPLES_PER_BLOCK = 4;

/** The newest n samples of the containers that match, the newest last; fewer where fewer are recorded. */
export async function newestSamples(
  store: PowerReader,
  filter: ContainerFilter,
  count: number,
): Promise<readonly PowerSample[]> {
  // A block has at least one sample, so that as many blocks as samples are always enough; mostly far fewer are.
  let blocks = Math.min(count, Math.ceil(count / SAMPLES_PER_BLOCK) + 1);
  for (;;) {
    const samples = await store.lastBlocks(filter, blocks);
    if (samples.length < count && blocks < count) {
      blocks = Math.min(count, blocks * SAMPLES_PER_BLOCK);
      continue;
    }
    // Containers of the same name on several nodes come one after the other.
    return samples.toSorted((a, b) => a.end - b.end).slice(-count);
  }
}
