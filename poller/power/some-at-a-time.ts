import pLimit from 'p-limit';

/** Does work for all items, some at a time; begins none once the signal is aborted. */
export async function someAtATime<Item>(
  items: readonly Item[],
  concurrency: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  await pLimit(concurrency).map(items, async (item) => {
    if (!signal.aborted) await work(item);
  });
}
