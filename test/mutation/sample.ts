import { createHash } from 'node:crypto';

/** At most `count` of some items, chosen by the hash of their keys: the same ones whatever else changes. */
export function sampleOf<Item>(items: readonly Item[], count: number, keyOf: (item: Item) => string): Item[] {
  const hashed = items.map((item) => ({ item, hash: createHash('sha256').update(keyOf(item)).digest('hex') }));
  return hashed
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, count)
    .map(({ item }) => item);
}
