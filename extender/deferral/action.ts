import type { Slot } from '../../shared/deferral/plan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { ForecastView } from './candidates.ts';

/** Why work stops waiting: the value of `released-because` and of the metric label `reason`. The first six are guarantees that every replica keeps, whichever holds the Lease. */
export const RELEASE_REASONS = [
  ...(['skip', 'off', 'queued-elsewhere', 'queue-without-gate', 'no-slack', 'deadline'] as const),
  ...(['signal-lost', 'no-forecast'] as const),
  ...(['cleanest', 'saving-too-small', 'advised', 'already-started', 'due'] as const),
] as const;
/** One of {@link RELEASE_REASONS}. */
export type ReleaseReason = (typeof RELEASE_REASONS)[number];

/** What the choice was made from. */
interface Horizon {
  /** The forecast ended before the latest start, so that a cleaner one may lie beyond it; absent: it did not. */
  readonly horizonLimited?: true;
}

/** What to do with one piece of waiting work. */
export type Action =
  /** `plan` is the wait that is only advised. */
  | ({
      readonly kind: 'release';
      readonly reason: ReleaseReason;
      readonly plan?: { readonly slot: Slot; readonly saving: number };
    } & Horizon)
  | ({ readonly kind: 'plan'; readonly slot: Slot; readonly saving: number } & Horizon)
  /** Suspends a running Job that may be paused. */
  | ({ readonly kind: 'pause'; readonly slot: Slot; readonly saving: number } & Horizon)
  | { readonly kind: 'wait' };

/** What a decision is based on, beside the work itself. */
export interface DecisionContext {
  readonly now: EpochMs;
  /** Milliseconds by which the wall clock was set back since the work was first seen: the deadline is that much nearer than it says. Usually 0. */
  readonly lostMs: number;
  readonly periodMs: number;
  readonly durationHours: number;
  readonly forecast: ForecastView;
  /** Whether to review the plan: once an hour, and once more when it is due. */
  readonly review: boolean;
  readonly advise: boolean;
  /** The mode of the work's namespace, else of the cluster, is `off`. */
  readonly isOff: boolean;
  /** The piece of work has run before: it has had its delay. */
  readonly hasStarted: boolean;
  /** Whether as much is planned for the hour of a start as can be released in it, or fits in a zone. */
  readonly isFull: (start: EpochMs, zone: Zone) => boolean;
}
