import { quantile } from '../../shared/grid/quantile.ts';
import { type GramsPerKwh, gramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { WaitingList } from '../deferral/waiting-list.ts';
import type { ZoneHistory } from './constraints.ts';

/** What the API thread, which owns the store, sends to the scheduling thread. */
export type FromStore =
  | { readonly kind: 'zone-history'; readonly percentiles: Readonly<Record<string, readonly number[]>> }
  | { readonly kind: 'decisions-kept'; readonly batch: number };

/** Decisions that the scheduling thread sends to be stored. */
export interface ToStore {
  readonly kind: 'decisions';
  readonly batch: number;
  readonly decisions: readonly Decision[];
}

/** Nodes whose labels name their zone, with it. */
export interface NodeZonesMessage {
  readonly kind: 'node-zones';
  readonly zones: ReadonlyMap<string, Zone>;
}

/** Everything that the scheduling thread sends to the API thread. */
export type ToApi = ToStore | NodeZonesMessage | { readonly kind: 'waiting'; readonly list: WaitingList };

/** The scheduling thread's end: never waits, holds only so much. */
export interface PlacementLink extends ZoneHistory, AsyncDisposable {
  /** Takes a decision to be stored; drops the newest when too many are pending. */
  keep(decision: Decision): void;
  /** Sends what is pending and resolves when it is stored, or after two seconds. */
  flush(): Promise<void>;
  receive(message: FromStore): void;
}

/** At about 500 bytes each. */
const MAX_PENDING = 20_000;
const BATCH = 500;
const SEND_INTERVAL_MS = 1_000;
/** A batch that is not confirmed by then was lost with its thread, and is sent again. */
const CONFIRM_MS = 30_000;
/** A process that stops waits for its store no longer than this. */
const FLUSH_TIMEOUT_MS = 2_000;
const FLUSH_POLL_MS = 20;

/** Makes the scheduling thread's end of the link. `post` sends to the API thread, also while that is being restarted. */
export function createPlacementLink(options: {
  readonly post: (message: ToStore) => void;
  readonly count: (outcome: 'handed-over' | 'dropped', count: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}): PlacementLink {
  const { post, count, clock, logger } = options;
  const pending: Decision[] = [];
  let sent: { readonly batch: number; readonly length: number; readonly at: number } | undefined;
  let batch = 0;
  let percentiles = new Map<string, readonly number[]>();
  const send = async () => {
    if (pending.length === 0 || (sent !== undefined && clock.monotonic() - sent.at < CONFIRM_MS)) return;
    const decisions = pending.slice(0, BATCH);
    batch += 1;
    sent = { batch, length: decisions.length, at: clock.monotonic() };
    post({ kind: 'decisions', batch, decisions });
  };
  const sending = startLoop({ name: 'placement decisions', intervalMs: SEND_INTERVAL_MS, clock, logger, task: send });
  return {
    keep(decision) {
      if (pending.length >= MAX_PENDING) return count('dropped', 1);
      pending.push(decision);
    },
    async flush() {
      const until = clock.monotonic() + FLUSH_TIMEOUT_MS;
      await send();
      while (pending.length > 0 && clock.monotonic() < until) {
        await clock.sleep(FLUSH_POLL_MS);
        await send();
      }
      if (pending.length > 0)
        logger.warn(
          { code: 'DECISIONS_LOST', decisions: pending.length },
          'placement decisions could not be stored before the end of the process',
        );
    },
    receive(message) {
      if (message.kind === 'zone-history') {
        percentiles = new Map(Object.entries(message.percentiles));
      } else if (message.batch === sent?.batch) {
        pending.splice(0, sent.length);
        count('handed-over', sent.length);
        sent = undefined;
      }
    },
    percentile: (zone, percent) => percentileOf(percentiles.get(zone), percent),
    [Symbol.asyncDispose]: () => sending[Symbol.asyncDispose](),
  };
}

/** Any percentile of a zone by its 101 percentiles p0 to p100; undefined where these are not known. */
function percentileOf(percentiles: readonly number[] | undefined, percent: number): GramsPerKwh | undefined {
  return percentiles && gramsPerKwh(quantile(percentiles, percent / 100));
}

/** The 101 percentiles p0 to p100 of a zone's hours; undefined for fewer than a day of them. */
export function percentilesOf(hours: readonly { readonly zone: Zone; readonly carbonIntensity: GramsPerKwh }[]) {
  if (hours.length < 24) return undefined;
  const ascending = Float64Array.from(hours, (hour) => hour.carbonIntensity).sort();
  return Array.from({ length: 101 }, (_, percent) => quantile(ascending, percent / 100));
}
