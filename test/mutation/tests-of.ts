import { importsIn } from '../laws/import-graph.ts';
import type { Source } from '../laws/sources.ts';

/** For each product file the test files that import it, nearest first: its mirror, then those with the fewest steps between. */
export function testsOf(sources: readonly Source[]): (path: string) => string[] {
  const importers = new Map<string, string[]>();
  for (const { from, to, isLocal } of importsIn(sources))
    if (isLocal) importers.set(to, [...(importers.get(to) ?? []), from]);
  return (path) => {
    const distances = new Map([[path, 0]]);
    const queue = [path];
    for (const file of queue)
      for (const importer of importers.get(file) ?? [])
        if (!distances.has(importer)) {
          distances.set(importer, (distances.get(file) ?? 0) + 1);
          queue.push(importer);
        }
    const mirror = `test/${path.replace(/\.ts$/, '')}`;
    const rank = (test: string) => (test.startsWith(`${mirror}.`) ? 0 : (distances.get(test) ?? 0));
    return queue.filter((file) => file.endsWith('.test.ts')).sort((a, b) => rank(a) - rank(b));
  };
}
