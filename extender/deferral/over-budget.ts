import type { Clock } from '../../shared/runtime/clock.ts';
import { deadlineOf } from './decide.ts';
import type { WaitingWork } from './waiting-work.ts';

/** What the API thread, which owns the store, reports of budgets. */
export interface OverBudget {
  readonly kind: 'over-budget';
  /** Namespaces that have used up a carbon budget of the present period. */
  readonly namespaces: readonly string[];
}

/** Namespaces whose budget is used up, as last reported. */
export interface BudgetWatch {
  receive(report: OverBudget): void;
  isOver(namespace: string): boolean;
}

/** A report that is older does not count: then everything waits as its annotations say. */
const REPORT_EXPIRES_MS = 30 * 60_000;

/** Creates a watch without a report. */
export function createBudgetWatch(clock: Pick<Clock, 'monotonic'>): BudgetWatch {
  let over: ReadonlySet<string> = new Set();
  let receivedAt = Number.NEGATIVE_INFINITY;
  return {
    receive({ namespaces }) {
      over = new Set(namespaces);
      receivedAt = clock.monotonic();
    },
    isOver: (namespace) => over.has(namespace) && clock.monotonic() - receivedAt <= REPORT_EXPIRES_MS,
  };
}

/**
 * Work of a namespace whose budget is used up may wait until `maxDelayMs` after its creation. Work that does not wait anyway is not
 * made to, and a `deadline` of its own holds. Without `maxDelayMs` an earlier extension no longer counts.
 */
export function withLongerWait(work: WaitingWork, maxDelayMs: number | undefined): WaitingWork {
  const { extendedUntil: _, ...own } = work;
  const { skip, flexible, deadline = Number.POSITIVE_INFINITY } = own.preferences;
  if (maxDelayMs === undefined || own.latestStart !== undefined || skip === true || flexible === false) return own;
  if (deadlineOf(own) <= own.createdAt) return own;
  const until = Math.min(own.createdAt + maxDelayMs, deadline);
  return until > deadlineOf(own) ? { ...own, extendedUntil: until } : own;
}
