import type { Import } from './import-graph.ts';

/** Folders of shared in layers, the ground first: a folder stands one above the highest that it imports. */
export function layersOf(imports: readonly Import[]): string[][] {
  const uses = new Map<string, Set<string>>();
  const folderOf = (path: string) => path.split('/')[1] ?? '';
  for (const { from, to, isLocal } of imports) {
    if (!isLocal || !to.startsWith('shared/')) continue;
    const [own, target] = [folderOf(from), folderOf(to)];
    if (!uses.has(target) && target !== 'data') uses.set(target, new Set());
    if (!from.startsWith('shared/')) continue;
    const targets = uses.get(own) ?? new Set();
    if (own !== target && target !== 'data') targets.add(target);
    uses.set(own, targets);
  }
  const layers: string[][] = [];
  const placed = new Set<string>();
  while (placed.size < uses.size) {
    const layer = [...uses].filter(
      ([name, targets]) => !placed.has(name) && [...targets].every((each) => placed.has(each)),
    );
    if (layer.length === 0)
      throw new Error(
        `folders of shared import each other: ${[...uses.keys()]
          .filter((name) => !placed.has(name))
          .sort()
          .join(', ')}`,
      );
    layers.push(layer.map(([name]) => name).sort());
    for (const [name] of layer) placed.add(name);
  }
  return layers;
}
