import type { Fn, Source } from './sources.ts';

/** Files longer than a number of lines. */
export function tooLong(sources: readonly Source[], limit: number): string[] {
  return sources.filter(({ lines }) => lines > limit).map(({ path, lines }) => `${path}: ${lines} lines`);
}

/** Functions longer than a number of lines. */
export function longFunctions(functions: readonly Fn[], limit: number): string[] {
  return functions.filter(({ lines }) => lines > limit).map(({ where, lines }) => `${where}: ${lines} lines`);
}

/** A share of sorted numbers: 0.5 is the median. */
export function share(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
}
