import { type EpochMs, HOUR_MS, hourOf, type Joules, joules } from '../../../shared/grid/units.ts';
import type { Container, ContainerFilter, PowerReader, TimeRange } from '../../../shared/records/power.ts';

/** Energy of a container, or of several that are alike. */
export interface Energy {
  readonly container: Container;
  /** The UTC hour that it is of; absent where several are added up. */
  readonly hour?: EpochMs;
  readonly joules: Joules;
  /** Time for which power is known. */
  readonly coveredMs: number;
}

/** Energy of one container within one UTC hour, or within the part of it that a window holds. */
export interface PieceOfHour extends Energy {
  readonly hour: EpochMs;
}

/** The whole UTC hours of a span of time; one without any ends where it begins. */
export function wholeHoursOf({ from, to }: TimeRange): TimeRange {
  const first = from === hourOf(from) ? from : hourOf(from) + HOUR_MS;
  return { from: first, to: Math.max(first, hourOf(to)) };
}

/** Energy by container and hour over exactly a window: whole hours from the rollup, cut ones from their samples. */
export async function* energyWithin(
  store: PowerReader,
  filter: ContainerFilter,
  window: TimeRange,
): AsyncIterable<PieceOfHour> {
  const whole = wholeHoursOf(window);
  if (whole.from < whole.to) yield* store.hourly(filter, whole);
  yield* energyOfCutHours(store, filter, window);
}

/** The same of the hours alone that a window cuts. */
export async function* energyOfCutHours(
  store: PowerReader,
  filter: ContainerFilter,
  { from, to }: TimeRange,
): AsyncIterable<PieceOfHour> {
  const whole = wholeHoursOf({ from, to });
  if (whole.from > to) return yield* fromSamples(store, filter, { from, to });
  if (from < whole.from) yield* fromSamples(store, filter, { from, to: whole.from });
  if (whole.to < to) yield* fromSamples(store, filter, { from: whole.to, to });
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
