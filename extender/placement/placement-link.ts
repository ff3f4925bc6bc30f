import { type GramsPerKwh, gramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { WaitingList } from '../deferral/waiting-list.ts';
import type { ZoneHistory } from './constraints.ts';

/** What the API thread, which owns the store, tells the scheduling thread. */
export type FromStore =
  | { readonly kind: 'zone-history'; readonly percentiles: Readonly<Record<string, readonly number[]>> }
  | { readonly kind: 'decisions-kept'; readonly batch: number };

/** What the scheduling thread asks of it. */
export interface ToStore {
  readonly kind: 'decisions';
  readonly batch: number;
  readonly decisions: readonly Decision[];
}

/** Where the nodes that tell a zone stand. */
export interface NodeZonesMessage {
  readonly kind: 'node-zones';
  readonly zones: ReadonlyMap<string, Zone>;
}

/** Everything that the scheduling thread sends to the API thread. */
export type ToApi = ToStore | NodeZonesMessage | { readonly kind: 'waiting'; readonly list: WaitingList };

/** The scheduling thread's end: never waits, holds only so much. */
export interface PlacementLink extends ZoneHistory, AsyncDisposable {
  /** Takes a decision to be stored; drops the newest when too many wait. */
  keep(decision: Decision): void;
  /** Hands over what waits and resolves when it is kept, or when the store has not kept it in time. */
  settle(): Promise<void>;
  receive(message: FromStore): void;
}

/** At about 500 bytes each. */
const MAX_WAITING = 20_000;
const BATCH = 500;
const FLUSH_MS = 1_000;
/** A batch that is not confirmed by then went down with the thread, and is sent again. */
const CONFIRM_MS = 30_000;
/** A program that stops waits for its store no longer than this. */
const SETTLE_MS = 2_000;
const LOOK_MS = 20;

/** Makes the scheduling thread's end of the link. `post` sends to the API thread, also while that is being restarted. */
export function createPlacementLink(options: {
  readonly post: (message: ToStore) => void;
  readonly count: (outcome: 'handed-over' | 'dropped', count: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}): PlacementLink {
  const { post, count, clock, logger } = options;
  const waiting: Decision[] = [];
  let sent: { readonly batch: number; readonly length: number; readonly at: number } | undefined;
  let batch = 0;
  let percentiles = new Map<string, readonly number[]>();
  let version = 0;
  const flush = async () => {
    if (waiting.length === 0 || (sent !== undefined && clock.monotonic() - sent.at < CONFIRM_MS)) return;
    const decisions = waiting.slice(0, BATCH);
    batch += 1;
    sent = { batch, length: decisions.length, at: clock.monotonic() };
    post({ kind: 'decisions', batch, decisions });
  };
  const flushing = startLoop({ name: 'decision records', intervalMs: FLUSH_MS, clock, logger, task: flush });
  return {
    keep(decision) {
      if (waiting.length >= MAX_WAITING) return count('dropped', 1);
      waiting.push(decision);
    },
    async settle() {
      const until = clock.monotonic() + SETTLE_MS;
      await flush();
      while (waiting.length > 0 && clock.monotonic() < until) {
        await clock.sleep(LOOK_MS);
        await flush();
      }
      if (waiting.length > 0) logger.warn({ decisions: waiting.length }, 'decision records are lost with this process');
    },
    receive(message) {
      if (message.kind === 'zone-history') {
        percentiles = new Map(Object.entries(message.percentiles));
        version += 1;
      } else if (message.batch === sent?.batch) {
        waiting.splice(0, sent.length);
        count('handed-over', sent.length);
        sent = undefined;
      }
    },
    percentile: (zone, percent) => percentileOf(percentiles.get(zone), percent),
    get version() {
      return version;
    },
    [Symbol.asyncDispose]: () => flushing[Symbol.asyncDispose](),
  };
}

/** Reads a value from 101 of them, p0 to p100. */
function percentileOf(values: readonly number[] | undefined, percent: number): GramsPerKwh | undefined {
  const value = values?.[Math.round(percent)];
  return value === undefined ? undefined : gramsPerKwh(value);
}

/** The 101 percentiles p0 to p100 of a zone's hours; undefined for fewer than a day of them. */
export function percentilesOf(hours: readonly { readonly zone: Zone; readonly carbonIntensity: GramsPerKwh }[]) {
  if (hours.length < 24) return undefined;
  const sorted = hours.map((hour) => hour.carbonIntensity).sort((a, b) => a - b);
  return Array.from({ length: 101 }, (_, p) => sorted[Math.round((p / 100) * (sorted.length - 1))] as number);
}
