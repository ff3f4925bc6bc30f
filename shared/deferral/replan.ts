import { HOUR_MS } from '../grid/units.ts';
import { bestSlot, type PlanRequest, type Slot, windowMean } from './plan.ts';

/**
 * Share of the planned slot's expected grams by which another slot must be better before a plan is changed. A tenth of a
 * percent keeps all of what new values are worth and leaves plans alone that differ by noise only.
 */
export const REVISION_MARGIN = 0.001;

/** How a plan is revised under a newer forecast; `gain` is the expected share of the kept slot's grams that the change saves. */
export type Revision =
  | { readonly kind: 'keep'; readonly reason: 'still-best' | 'gain-too-small' | 'no-forecast' }
  | { readonly kind: 'change'; readonly slot: Slot; readonly gain: number }
  | { readonly kind: 'run-now'; readonly reason: 'no-slack' };

/**
 * Revises a planned slot with a newer forecast. Both the planned slot and its rivals are measured by the same new forecast,
 * since the old expectation was picked for being low and is too good. A slot that running now would beat is never kept;
 * without a forecast for the planned slot it stays. Called once more when the slot is due, it may also postpone it.
 */
export function revise(planned: Slot, request: PlanRequest, margin: number = REVISION_MARGIN): Revision {
  const { now, latestStart, candidates, durationHours } = request;
  if (latestStart <= now) return { kind: 'run-now', reason: 'no-slack' };
  const mine = candidates.find(({ zone }) => zone === planned.zone);
  const expected = mine && windowMean(mine.forecast, Math.max(now, planned.start), durationHours * HOUR_MS);
  const best = bestSlot(request);
  if (expected === undefined || !best) return { kind: 'keep', reason: 'no-forecast' };
  if (best.expected >= expected) return { kind: 'keep', reason: 'still-best' };
  const gain = (expected - best.expected) / Math.abs(expected);
  if (gain > margin) return { kind: 'change', slot: best, gain };
  const atOnce = bestSlot({ ...request, latestStart: now });
  if (atOnce && atOnce.expected < expected) return { kind: 'change', slot: best, gain };
  return { kind: 'keep', reason: 'gain-too-small' };
}
