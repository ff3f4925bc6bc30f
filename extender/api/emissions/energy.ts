import { type EpochMs, HOUR_MS, hourOf, type Joules, joules } from '../../../shared/grid/units.ts';
import type { Container, ContainerFilter, PowerReader, TimeRange } from '../../../shared/records/power.ts';

/** Energy of one container within one UTC hour, or within the part of it that a window holds. */
export interface PieceOfHour {
  readonly container: Container;
  readonly hour: EpochMs;
  readonly joules: Joules;
  readonly coveredMs: number;
}

/** Energy by container and hour over exactly a window: whole hours from the rollup, cut ones from their samples. */
export async function* energyWithin(
  store: PowerReader,
  filter: ContainerFilter,
  { from, to }: TimeRange,
): AsyncIterable<PieceOfHour> {
  const firstWhole = from === hourOf(from) ? from : hourOf(from) + HOUR_MS;
  const lastWhole = hourOf(to);
  if (firstWhole > lastWhole) return yield* fromSamples(store, filter, { from, to });
  if (from < firstWhole) yield* fromSamples(store, filter, { from, to: firstWhole });
  if (firstWhole < lastWhole) yield* store.hourly(filter, { from: firstWhole, to: lastWhole });
  if (lastWhole < to) yield* fromSamples(store, filter, { from: lastWhole, to });
}

async function* fromSamples(store: PowerReader, filter: ContainerFilter, range: TimeRange): AsyncIterable<PieceOfHour> {
  let current: { container: Container; hour: EpochMs; joules: number; coveredMs: number } | undefined;
  const hour = hourOf(range.from);
  for await (const batch of store.samples(filter, range)) {
    for (const { container, start, end, joules: energy } of batch) {
      const within = Math.min(end, range.to) - Math.max(start, range.from);
      const share = (energy * within) / (end - start);
      if (current?.container !== container) {
        if (current !== undefined) yield { ...current, joules: joules(current.joules) };
        current = { container, hour, joules: 0, coveredMs: 0 };
      }
      current.joules += share;
      current.coveredMs = Math.min(current.coveredMs + within, range.to - range.from);
    }
  }
  if (current !== undefined) yield { ...current, joules: joules(current.joules) };
}
