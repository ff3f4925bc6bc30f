import type { ContainerFilter, PowerReader, PowerSample } from '../../shared/records/power.ts';

/** Samples that a minute has at the least where a container runs all the time and is scraped every 15 s. */
const SAMPLES_PER_BLOCK = 4;

/** The newest n samples of the containers that match, and as many of their GPUs, the newest last; fewer where fewer are recorded. */
export async function newestSamples(
  store: PowerReader,
  filter: ContainerFilter,
  count: number,
): Promise<readonly PowerSample[]> {
  // A block has at least one sample, so that as many blocks as samples are always enough; mostly far fewer are.
  let blocks = Math.min(count, Math.ceil(count / SAMPLES_PER_BLOCK) + 1);
  for (;;) {
    const samples = await store.lastBlocks(filter, blocks);
    const gpus = samples.filter(({ container }) => container.device === 'gpu');
    const others = gpus.length === 0 ? samples : samples.filter(({ container }) => container.device !== 'gpu');
    if (others.length < count && blocks < count) {
      blocks = Math.min(count, blocks * SAMPLES_PER_BLOCK);
      continue;
    }
    // Containers of the same name on several nodes come one after the other.
    return [others, gpus].flatMap((some) => newest(some, count)).sort((a, b) => a.end - b.end);
  }
}

function newest(samples: readonly PowerSample[], count: number): PowerSample[] {
  return samples.toSorted((a, b) => a.end - b.end).slice(-count);
}
