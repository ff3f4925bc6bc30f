// Flow: longer waits of namespaces that have used up their budget, from the report of budgets to the plan.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deadlineOf } from '../../../extender/deferral/decide.ts';
import { createBudgetWatch, withLongerWait } from '../../../extender/deferral/over-budget.ts';
import { type WaitingWork, waitingPod } from '../../../extender/deferral/waiting-work.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { FakeClock } from '../../fake-clock.ts';
import { gatedPod } from './gated.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');

function workWith(annotations: Record<string, string>): WaitingWork {
  const pod = gatedPod('report', annotations, NOON);
  pod.metadata.uid = 'u-1';
  return waitingPod(pod) as WaitingWork;
}

const hours = fc.integer({ min: 1, max: 72 });

it('lets work wait longer, never beyond its own deadline, and never shorter than without', () => {
  fc.assert(
    fc.property(fc.option(hours), fc.option(hours), hours, (maxDelay, deadline, budgetDelay) => {
      const work = workWith({
        ...(maxDelay !== null && { 'max-delay': `${maxDelay}h` }),
        ...(deadline !== null && { deadline: isoTime(NOON + deadline * HOUR_MS) }),
      });

      const before = deadlineOf(work);
      const after = deadlineOf(withLongerWait(work, budgetDelay * HOUR_MS));

      expect(after).toBeGreaterThanOrEqual(before);
      if (deadline !== null) expect(after).toBeLessThanOrEqual(NOON + deadline * HOUR_MS);
      if (maxDelay === null && deadline === null) expect(after).toBe(before);
      else if (deadline === null) expect(after).toBe(NOON + Math.max(maxDelay ?? 0, budgetDelay) * HOUR_MS);
    }),
  );
});

it.each([{ skip: 'true', 'max-delay': '1h' }, { 'max-delay': '0s' }, {}])(
  'makes nothing wait that does not wait anyway: %j',
  (annotations) => {
    const work = workWith(annotations);

    expect(withLongerWait(work, 24 * HOUR_MS)).not.toHaveProperty('extendedUntil');
  },
);

it('ends with the report that the budget is used up, also for work that was extended', () => {
  const extended = workWith({ 'max-delay': '1h', 'extended-until': isoTime(NOON + 9 * HOUR_MS) });

  expect(deadlineOf(extended)).toBe(NOON + 9 * HOUR_MS);
  expect(deadlineOf(withLongerWait(extended, undefined))).toBe(NOON + HOUR_MS);
});

it('counts reports for half an hour: without news everything waits as its annotations say', async () => {
  const clock = new FakeClock('2026-03-02T12:00:00Z');
  const watch = createBudgetWatch(clock);
  const before = watch.isOver('shop');
  watch.receive({ kind: 'over-budget', namespaces: ['shop'] });
  const reported = [watch.isOver('shop'), watch.isOver('batch')];
  await clock.advance(31 * 60_000);

  expect([before, ...reported, watch.isOver('shop')]).toEqual([false, true, false, false]);
});
