import { type EpochMs, hourOf } from '../../shared/grid/units.ts';

/** What was recorded of a node in an hour, as a share of what its own counter rose by. */
export interface ClosedHour {
  readonly node: string;
  readonly hour: EpochMs;
  /** 1: containers and the rest add up to the node exactly. */
  readonly ratio: number;
}

interface OpenHour {
  readonly hour: EpochMs;
  recorded: number;
  counted: number;
}

/** Adds up per node and UTC hour what was recorded and what the node itself counted, idle energy left out of both. */
export class NodeClosure {
  readonly #hours = new Map<string, OpenHour>();

  /** Takes one step of a node in thousandths; the hour before when this step is the first of a new one. */
  take(
    node: string,
    at: EpochMs,
    { recorded, counted }: { recorded: number; counted: number },
  ): ClosedHour | undefined {
    const hour = hourOf(at);
    const open = this.#hours.get(node);
    if (open?.hour === hour) {
      open.recorded += recorded;
      open.counted += counted;
      return undefined;
    }
    this.#hours.set(node, { hour, recorded, counted });
    return open && open.counted > 0 ? { node, hour: open.hour, ratio: open.recorded / open.counted } : undefined;
  }
}
