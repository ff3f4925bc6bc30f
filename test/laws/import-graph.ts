import { posix } from 'node:path';
import { importsOf, type Source } from './sources.ts';

/** One import: of a file of the project, or of a package or built-in module. */
export interface Import {
  readonly from: string;
  /** Path from the root of a file of the project; the name as written of anything else. */
  readonly to: string;
  readonly isLocal: boolean;
}

/** Every import of some sources, resolved; imports of types count too. */
export function importsIn(sources: readonly Source[]): Import[] {
  return sources.flatMap((source) =>
    importsOf(source).map((written) => {
      const isLocal = written.startsWith('.');
      return { from: source.path, to: isLocal ? posix.join(posix.dirname(source.path), written) : written, isLocal };
    }),
  );
}

/** What each top-level folder may import beside itself and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  poller: ['shared', 'package.json'],
  extender: ['shared', 'package.json'],
  cli: ['shared', 'package.json'],
};

/** Imports that cross from one program into another, or out of shared. */
export function crossings(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, to, isLocal }) => {
      const [own = ''] = from.split('/');
      const [target = ''] = to.split('/');
      return isLocal && target !== own && !MAY_IMPORT[own]?.includes(target);
    })
    .map(described);
}

/** The folders of shared that calculate, and do nothing else. */
export const PURE_FOLDERS: readonly string[] = [
  'errors',
  'grid',
  'records',
  'forecast',
  'deferral',
  'placement',
  'emissions',
  'meters',
  'calculator',
  'simulation',
  'pacing',
  'power-model',
];

/** Whether a file lies in a pure folder. */
export function isPure(path: string): boolean {
  return PURE_FOLDERS.some((folder) => path.startsWith(`shared/${folder}/`));
}

/** Imports of a pure file that lead out of the pure folders: of the store, the runtime, a built-in module or a package other than zod. */
export function impureImports(imports: readonly Import[]): string[] {
  return imports
    .filter(
      ({ from, to, isLocal }) =>
        isPure(from) && !(isLocal ? isPure(to) || to.startsWith('shared/data/') : to === 'zod'),
    )
    .map(described);
}

/** Loops of imports between files, types included: each as its files in order. */
export function cycles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, isLocal } of imports) if (isLocal) next.set(from, [...(next.get(from) ?? []), to]);
  const found = new Map<string, string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const index = path.indexOf(file);
    if (index >= 0) {
      const loop = path.slice(index);
      found.set([...loop].sort().join(' '), [...loop, file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return [...found.values()];
}

function described({ from, to }: Import): string {
  return `${from} imports ${to}`;
}
