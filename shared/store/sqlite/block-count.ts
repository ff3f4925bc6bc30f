import { blockOf } from '../blocks.ts';
import type { Timeline } from './chunk-codec.ts';

/** Minutes of one series' samples of one target, ascending, the same one perhaps several times. */
interface Minutes {
  readonly positions: readonly number[];
  readonly minuteOf: readonly number[];
}

/** Counts the minutes in which series have samples, each once however many targets reported them. */
export class BlockCount {
  readonly #once = new Map<number, Minutes>();
  readonly #several = new Map<number, Set<number>>();
  #timeline: Timeline | undefined;
  #minuteOf: readonly number[] = [];
  blocks = 0;

  /** Adds a series' samples of one target, by their positions in its timeline, in order of time. */
  add(series: number, positions: readonly number[], timeline: Timeline): void {
    if (this.#timeline !== timeline) {
      this.#timeline = timeline;
      this.#minuteOf = timeline.ends.map(blockOf);
    }
    const minutes = { positions, minuteOf: this.#minuteOf };
    const before = this.#once.get(series);
    if (before === undefined) {
      this.#once.set(series, minutes);
      this.blocks += distinct(minutes);
      return;
    }
    const seen = this.#several.get(series) ?? addTo(new Set(), before);
    this.#several.set(series, seen);
    const known = seen.size;
    this.blocks += addTo(seen, minutes).size - known;
  }
}

function distinct({ positions, minuteOf }: Minutes): number {
  let count = 0;
  let before = -1;
  for (const position of positions) {
    const minute = minuteOf[position] as number;
    if (minute !== before) count += 1;
    before = minute;
  }
  return count;
}

function addTo(seen: Set<number>, { positions, minuteOf }: Minutes): Set<number> {
  for (const position of positions) seen.add(minuteOf[position] as number);
  return seen;
}
