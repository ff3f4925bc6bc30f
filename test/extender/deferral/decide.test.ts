import { describe, expect, it } from 'vitest';
import type { DecisionContext } from '../../../extender/deferral/action.ts';
import { deadlineOf, decide, guaranteeDue } from '../../../extender/deferral/decide.ts';
import { waitingJob } from '../../../extender/deferral/waiting-job.ts';
import { type WaitingWork, waitingPod } from '../../../extender/deferral/waiting-work.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import { gatedPod, suspendedJob } from './gated.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const PERIOD = 15_000;

describe('a guarantee', () => {
  it('is due in the last reconciliation before the deadline, and not one earlier', () => {
    const work = workWith({ 'max-delay': '1h' });

    expect(guaranteeDue(work, contextAt(NOON + HOUR_MS - PERIOD))).toEqual({ kind: 'release', reason: 'deadline' });
    expect(guaranteeDue(work, contextAt(NOON + HOUR_MS - PERIOD - 1))).toBeUndefined();
  });

  it('is kept by the time that has really passed when the wall clock was set back', () => {
    const work = workWith({ 'max-delay': '1h' });
    const setBack = { ...contextAt(NOON), lostMs: HOUR_MS - PERIOD };

    expect(guaranteeDue(work, setBack)).toEqual({ kind: 'release', reason: 'deadline' });
    expect(guaranteeDue(work, { ...setBack, lostMs: HOUR_MS - PERIOD - 1 })).toBeUndefined();
  });

  it('takes the earlier of max-delay and deadline', () => {
    const deadline = '2026-03-02T12:30:00Z';

    expect(deadlineOf(workWith({ 'max-delay': '1h', deadline }))).toBe(Date.parse(deadline));
    expect(deadlineOf(workWith({ 'max-delay': '10m', deadline }))).toBe(NOON + 600_000);
  });

  it('holds whatever the grid does', () => {
    const work = workWith({ 'max-delay': '1h' });
    const lost = { ...contextAt(NOON + HOUR_MS), forecast: { kind: 'lost', reason: 'stale' } } as const;

    expect(decide(work, lost)).toEqual({ kind: 'release', reason: 'deadline' });
    expect(decide(workWith({ skip: 'true' }), lost)).toEqual({ kind: 'release', reason: 'skip' });
    expect(decide(workWith({}), lost)).toEqual({ kind: 'release', reason: 'no-slack' });
  });
});

describe('a new plan', () => {
  it('never starts after the deadline, also when the wall clock was set back', () => {
    const work = workWith({ 'max-delay': '3h', duration: '1h' });

    const plain = decide(work, contextAt(NOON));
    const setBack = decide(work, { ...contextAt(NOON), lostMs: HOUR_MS });

    expect(plain).toMatchObject({ kind: 'plan', slot: { start: NOON + 3 * HOUR_MS } });
    expect(setBack).toMatchObject({ kind: 'plan', slot: { start: NOON + 2 * HOUR_MS } });
  });
});

describe('work that may be paused', () => {
  const plan = { start: NOON + 3 * HOUR_MS, zone: zone('DE') };

  it('is planned in pieces when it has no plan, and when the next piece is due', () => {
    expect(decide(pausable(), contextAt(NOON))).toMatchObject({ kind: 'plan' });
    expect(decide(pausable({ ...plan, start: NOON }), contextAt(NOON))).toMatchObject({ kind: 'plan' });
  });

  it('keeps its plan until then, but for the hourly review and a lost signal', () => {
    const lost = { kind: 'lost', reason: 'stale' } as const;

    expect(decide(pausable(plan), contextAt(NOON))).toEqual({ kind: 'wait' });
    expect(decide(pausable(plan), { ...contextAt(NOON), review: true })).toMatchObject({ kind: 'plan' });
    expect(decide(pausable(plan), { ...contextAt(NOON), forecast: lost })).toEqual({
      kind: 'release',
      reason: 'signal-lost',
    });
  });
});

it('is said of a plan of pieces, too, that the forecast ended before the deadline, and not otherwise', () => {
  const job = suspendedJob('long', { 'max-delay': '20h', duration: '2h', interruptible: 'true' }, NOON);
  job.metadata.uid = 'u-3';

  expect(decide(waitingJob(job) as WaitingWork, contextAt(NOON))).toMatchObject({
    kind: 'plan',
    horizonLimited: true,
  });
  expect(decide(pausable(), contextAt(NOON))).not.toHaveProperty('horizonLimited');
});

function pausable(plan?: { start: number; zone: Zone }): WaitingWork {
  const job = suspendedJob('night', { 'max-delay': '8h', duration: '2h', interruptible: 'true' }, NOON);
  job.metadata.uid = 'u-2';
  const waiting = waitingJob(job);
  if (waiting === undefined) throw new Error('the Job waits');
  return plan === undefined ? waiting : { ...waiting, plan: plan as never };
}

function workWith(annotations: Record<string, string>): WaitingWork {
  const pod = gatedPod('report', annotations, NOON);
  pod.metadata.uid = 'u-1';
  return waitingPod(pod) as WaitingWork;
}

/** Cleaner with every hour. */
function contextAt(now: number): DecisionContext {
  const forecast = Array.from({ length: 12 }, (_, hour) => ({
    datetime: NOON + hour * HOUR_MS,
    carbonIntensity: (600 - 50 * hour) as never,
  }));
  return {
    ...{ now, lostMs: 0, periodMs: PERIOD, durationHours: 1, review: false, advise: false },
    ...{ isOff: false, hasStarted: false, isFull: () => false },
    forecast: { kind: 'known', candidates: [{ zone: zone('DE'), forecast }] },
  };
}
