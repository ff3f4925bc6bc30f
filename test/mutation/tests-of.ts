import { dirname, matchesGlob } from 'node:path';
import { LONG } from '../lanes.ts';
import { importsIn, isPure } from '../laws/import-graph.ts';
import type { Source } from '../laws/sources.ts';

/**
 * For each product file the tests of the fast lane that import it: its mirror first, whichever lane that is in, then those
 * with the fewest steps between. A folder in common is a step less, code that is not pure two steps more.
 */
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
    const isMirror = (test: string) => test.startsWith(`${mirror}.`);
    const rank = (test: string) =>
      isMirror(test)
        ? Number.NEGATIVE_INFINITY
        : (distances.get(test) ?? 0) + (isPure(test.replace('test/', '')) ? 0 : 2) - sharedFolders(mirror, test);
    return queue
      .filter((file) => file.endsWith('.test.ts') && (isMirror(file) || !isElsewhere(file)))
      .sort((a, b) => rank(a) - rank(b));
  };
}

/** In the long lane, or a test of the repository rather than of rules of the code. */
function isElsewhere(test: string): boolean {
  return /^test\/(laws|k8s|mutation)\//.test(test) || LONG.some((pattern) => matchesGlob(test, pattern));
}

function sharedFolders(a: string, b: string): number {
  const folders = dirname(b).split('/');
  const differs = folders.findIndex((folder, depth) => folder !== a.split('/')[depth]);
  return differs < 0 ? folders.length : differs;
}
