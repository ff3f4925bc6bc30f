import { describe, expect, it } from 'vitest';
import { createReconciler } from '../../../extender/deferral/reconcile.ts';
import { type WaitingWork, waitingPod } from '../../../extender/deferral/waiting-work.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { gatedPod, settableClock } from './gated.ts';
import { gridState } from './grid-document.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const at = (hours: number) => NOON + hours * HOUR_MS;

describe('one reconciliation', () => {
  it('plans no more for an hour than may be released in it, work that goes on waiting included', () => {
    const { reconciler } = reconcilerAt(NOON, { FR: [500, 100, 200, 500, 500, 500] });
    const waits = work('waits', { 'max-delay': '6h', duration: '1h' }, at(1));
    const comes = work('comes', { 'max-delay': '6h', duration: '1h' });

    for (const all of [
      [waits, comes],
      [comes, waits],
    ])
      expect(actionsOf(reconciler.decide(all))).toEqual({
        waits: { kind: 'wait' },
        comes: expect.objectContaining({ kind: 'plan', slot: expect.objectContaining({ start: at(2) }) }),
      });
  });

  it('reviews a plan once an hour, and first in the hour after it was found', () => {
    const { reconciler, clock } = reconcilerAt(NOON, { FR: [500, 400, 300, 50, 500, 500] });
    const waits = work('waits', { 'max-delay': '5h', duration: '1h' }, at(2));
    const kindAt = (hours: number) => {
      clock.set(at(hours));
      return reconciler.decide([waits])[0]?.action.kind;
    };

    expect([kindAt(0), kindAt(0.5), kindAt(1), kindAt(1.5)]).toEqual(['wait', 'wait', 'plan', 'wait']);
  });
});

function reconcilerAt(now: number, hours: Readonly<Record<string, readonly number[]>>) {
  const clock = settableClock();
  clock.set(now);
  const reconciler = createReconciler({
    cache: () => gridState(hours, now, { now: clock.now(), ttlMinutes: 600 }),
    zones: () => [zone('FR')],
    ...{ mode: 'on', releasePerMinute: 1 / 60, periodMs: 15_000, defaultDurationHours: 1, clock },
    durationOf: () => undefined,
  });
  return { reconciler, clock };
}

function work(name: string, own: Readonly<Record<string, string>>, planned?: number): WaitingWork {
  const plan = planned !== undefined && {
    ...{ 'planned-start': isoTime(planned), 'planned-zone': 'FR', 'expected-saving': '0.5' },
  };
  const pod = gatedPod(name, { ...own, ...plan }, NOON);
  pod.metadata.uid = name;
  return waitingPod(pod) as WaitingWork;
}

function actionsOf(decided: ReturnType<ReturnType<typeof createReconciler>['decide']>) {
  return Object.fromEntries(decided.map(({ work: of, action }) => [of.name, action]));
}
