import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import type { ControllerParts } from './controller.ts';
import { deadlineOf } from './decide.ts';
import type { JudgedWork } from './reconcile.ts';
import type { WaitingWork } from './waiting-work.ts';
import { type PlanToWrite, release, writeEvent, writePlan } from './writing.ts';

/** A release as it happened, for the savings ledger. */
export interface ReleasedWork {
  readonly work: WaitingWork;
  readonly why: string;
  readonly releasedAt: EpochMs;
  readonly durationHours: number;
}

/** Does what was decided. */
export interface Actions {
  /** Carries out one verdict. Never rejects: what failed is counted, logged, and decided anew in the next round. */
  act(judged: JudgedWork): Promise<void>;
}

/** After a release the watch needs a moment to tell of it; until then it is not done again. */
const SETTLED_MS = 60_000;

/** What the causes of a release are called in Events. */
const CAUSES: Readonly<Record<string, string>> = {
  due: 'the planned hour has come',
  deadline: 'the deadline has come',
  skip: 'it asks not to wait',
  'no-slack': 'neither max-delay nor deadline allows a wait',
  'signal-lost': 'the carbon intensity of its zones is not known',
  'no-forecast': 'there is no forecast for its zones',
  cleanest: 'no later hour is expected to be cleaner',
  'saving-too-small': 'waiting would save less than asked',
  advised: 'waiting is only advised here',
};

/** Carries out verdicts against the API server. */
export function createActions(parts: ControllerParts): Actions {
  const { client, clock, metrics, logger } = parts;
  const released = new Map<string, number>();
  const done = (uid: string) => {
    for (const [other, at] of released) if (clock.monotonic() - at > SETTLED_MS) released.delete(other);
    return released.has(uid);
  };
  const tell = async (work: WaitingWork, reason: string, message: string, type?: 'Warning') => {
    try {
      await writeEvent(client, work, { reason, message, ...(type && { type }) }, clock.now());
    } catch (err) {
      metrics.failures.inc({ what: 'event' });
      logger.debug({ err, name: work.name }, 'an Event was not written');
    }
  };
  const doRelease = async ({ work, durationHours }: JudgedWork, why: string, advised?: PlanToWrite) => {
    if (done(work.uid)) return;
    const now = clock.now();
    await release(client, work, why, now, advised);
    released.set(work.uid, clock.monotonic());
    metrics.released.inc({ why });
    metrics.late.observe(Math.max(0, why === 'no-slack' ? 0 : (now - deadlineOf(work)) / 1_000));
    parts.onReleased?.({ work, why, releasedAt: now, durationHours });
    const advice = advised
      ? `; waiting until ${whenAndWhere(advised)} would be expected to save ${percent(advised)}`
      : '';
    await tell(work, 'Released', `released: ${CAUSES[why] ?? why}${advice}`);
  };
  const doPlan = async ({ work }: JudgedWork, plan: PlanToWrite) => {
    await writePlan(client, work, plan);
    metrics.planned.inc({ kind: work.plan ? 'changed' : 'new' });
    const until = `waits until ${whenAndWhere(plan)}, expected to save ${percent(plan)}; starts by ${isoTime(deadlineOf(work))} at the latest`;
    await tell(work, work.plan ? 'PlanChanged' : 'WaitingForCleanHour', until);
  };
  return {
    async act(judged) {
      const { work, verdict } = judged;
      try {
        if (work.plan === undefined && verdict.kind !== 'wait' && work.bad.length > 0)
          await tell(work, 'IgnoredAnnotation', faultsOf(work), 'Warning');
        if (verdict.kind === 'release') await doRelease(judged, verdict.why, verdict.plan);
        else if (verdict.kind === 'plan') await doPlan(judged, verdict);
        else verdict.kind satisfies 'wait';
      } catch (err) {
        // Gone, or another object of the same name: the watch will tell.
        if (err instanceof KubernetesError && (err.status === 404 || err.status === 409)) return;
        metrics.failures.inc({ what: verdict.kind });
        const { kind, namespace, name } = work;
        logger.warn({ err, kind, namespace, name, verdict: verdict.kind }, 'waiting work cannot be changed for now');
      }
    },
  };
}

function faultsOf({ bad }: WaitingWork): string {
  return bad.map(({ annotation, value, problem }) => `${annotation}: "${value}" ${problem}`).join('; ');
}

function whenAndWhere({ slot }: PlanToWrite): string {
  return `${isoTime(slot.start)} (${slot.zone})`;
}

function percent({ saving }: PlanToWrite): string {
  return `${(100 * saving).toFixed(1)} %`;
}
