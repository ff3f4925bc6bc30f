import { describe, expect, it } from 'vitest';
import { createReconciler, type ReconcilerOptions } from '../../../extender/deferral/reconcile.ts';
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

describe('pods of one owner that cannot all be in the cleanest zone', () => {
  it('are planned for the mean of their zones, a single one for the cleanest', () => {
    const usableZones = (_pod: unknown, { together = 1 }: { together?: number }) => ({
      zones: new Map([zone('FR'), zone('DE')].map((each) => [each, 1])),
      ...{ unknown: 0, spaces: undefined, isSplit: together > 1 },
    });
    const grid = { FR: [500, 50, 500, 500], DE: [500, 500, 500, 400] };
    const { reconciler } = reconcilerAt(NOON, grid, { usableZones, releasePerMinute: 60 });
    const siblings = ['a', 'b'].map((name) => ({
      ...work(name, { 'max-delay': '3h', duration: '1h' }),
      origin: 'their Deployment',
    }));
    const zonesOf = (all: readonly WaitingWork[]) =>
      reconciler.decide(all).map(({ action }) => (action.kind === 'plan' ? action.slot.zone : action.kind));

    expect(zonesOf(siblings)).toEqual(['any', 'any']);
    expect(zonesOf(siblings.slice(0, 1))).toEqual(['FR']);
  });
});

function reconcilerAt(
  now: number,
  hours: Readonly<Record<string, readonly number[]>>,
  more: Partial<ReconcilerOptions> = {},
) {
  const clock = settableClock();
  clock.set(now);
  const reconciler = createReconciler({
    cache: () => gridState(hours, now, { now: clock.now(), ttlMinutes: 600 }),
    zones: () => [zone('FR')],
    ...{ mode: 'on', releasePerMinute: 1 / 60, periodMs: 15_000, defaultDurationHours: 1, clock },
    durationOf: () => undefined,
    ...more,
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
