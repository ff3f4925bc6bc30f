/** Samples per figure; the median counts. */
const SAMPLES = 5;
/** Milliseconds of CPU that the reference takes on the machine that the limits were set on (2 cores of a Xeon, nothing else running). */
const REFERENCE_MS = 80;

/**
 * Milliseconds of CPU of this process, which serves the API, for a task; the median of several. Divided by how much
 * longer than usual a fixed piece of work takes now: other programs and slower machines then count for little.
 */
export async function cpuCost(task: () => Promise<unknown>): Promise<number> {
  const costs: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const slowness = Math.max(1, (await cpuOf(reference)) / REFERENCE_MS);
    costs.push((await cpuOf(task)) / slowness);
  }
  return costs.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? Number.NaN;
}

async function cpuOf(task: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What an API does: makes rows, writes and reads JSON, sorts. */
function reference(): unknown {
  const rows = Array.from({ length: 100_000 }, (_, index) => ({
    name: `pod-${(index * 7_919) % 100_003}`,
    value: (index * 104_729) % 100_003,
  }));
  return JSON.parse(JSON.stringify(rows)).sort((a: { value: number }, b: { value: number }) => a.value - b.value);
}
