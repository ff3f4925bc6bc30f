import { describe, expect, it } from 'vitest';
import { pausableJob, waitingJob } from '../../../extender/deferral/waiting-job.ts';
import type { WaitingWork } from '../../../extender/deferral/waiting-work.ts';
import { createWorkPieces } from '../../../extender/deferral/work-pieces.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { gridState } from './grid-document.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const at = (hours: number) => NOON + hours * HOUR_MS;
/** Clean from 14:00 to 16:00 and from 20:00 to 22:00. */
const VALUES = [800, 800, 100, 100, 800, 800, 800, 800, 100, 100, 800, 800, 800, 800, 800, 800, 800, 800];
const grid = gridState({ FR: VALUES }, NOON, { ttlMinutes: 6_000 });

function job(annotations: Readonly<Record<string, string>>, spec = { suspend: true }) {
  const all = {
    'max-delay': '12h',
    duration: '4h',
    'planned-zone': 'FR',
    'planned-start': isoTime(at(2)),
    ...annotations,
  };
  return {
    metadata: {
      ...{ name: 'train', namespace: 'batch', uid: JSON.stringify(annotations) },
      creationTimestamp: isoTime(NOON),
      annotations: Object.fromEntries(Object.entries(all).map(([key, value]) => [`carbon-extender.io/${key}`, value])),
    },
    spec,
  };
}

function piecesOf(work: WaitingWork | undefined, others: readonly WaitingWork[] = []) {
  if (work === undefined) throw new Error('no such work');
  const createFor = createWorkPieces({ cache: () => grid, hoursOf: () => 4 });
  const pieces = createFor([...others, work], at(1))(work);
  return pieces.map(({ start, end, ran }) => [(start - NOON) / HOUR_MS, (end - NOON) / HOUR_MS, ran]);
}

describe('the pieces of waiting work', () => {
  it('are one, as long as the work runs, where it cannot be paused', () => {
    expect(piecesOf(waitingJob(job({})))).toEqual([[2, 6, false]]);
  });

  it('are none where there is no plan', () => {
    expect(piecesOf(waitingJob(job({ 'planned-start': 'soon' })))).toEqual([]);
  });

  it('fall on the clean hours where it can', () => {
    const pieces = piecesOf(waitingJob(job({ interruptible: 'true', 'restart-cost': '0m' })));

    expect(pieces).toEqual([
      [2, 4, false],
      [8, 10, false],
    ]);
  });

  it('of a paused Job begin with those that ran, and go on with what is left', () => {
    const paused = { interruptible: 'true', 'restart-cost': '0m', 'released-at': isoTime(at(-3)) };
    const once = { ...paused, 'paused-at': isoTime(at(-1)), interruptions: '1' };
    const twice = {
      ...{ ...paused, 'resumed-at': isoTime(at(-1)), 'paused-at': isoTime(at(0)) },
      ...{ interruptions: '2', 'paused-seconds': '3600' },
    };

    expect(piecesOf(pausableJob(job(once)))).toEqual([
      [-3, -1, true],
      [2, 4, false],
    ]);
    expect(piecesOf(pausableJob(job(twice))).slice(0, 2)).toEqual([
      [-3, -2, true],
      [-1, 0, true],
    ]);
  });

  it('are planned for ten at a time, and shown as one until then', () => {
    const others = Array.from({ length: 10 }, (_, index) =>
      waitingJob(job({ interruptible: 'true', cost: String(index) })),
    ).filter((work) => work !== undefined);

    const pieces = piecesOf(waitingJob(job({ interruptible: 'true', 'restart-cost': '0m' })), others);

    expect(pieces).toEqual([[2, 6, false]]);
  });
});
