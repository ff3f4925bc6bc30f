import { describe, expect, it } from 'vitest';
import { progressOf, ranMs } from '../../../extender/deferral/job-progress.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const at = (hours: number) => isoTime(NOON + hours * HOUR_MS);

/** Hours that a Job has run until so many hours after noon, by its annotations and the start time of Kubernetes. */
function ran(until: number, annotations: Readonly<Record<string, string>>, startTime?: string): number {
  const written = Object.entries(annotations).map(([name, value]) => [`carbon-extender.io/${name}`, value]);
  return ranMs(progressOf(Object.fromEntries(written), startTime, NOON), NOON + until * HOUR_MS) / HOUR_MS;
}

describe('the progress of a Job that may be paused', () => {
  it('counts from its release, else from its start', () => {
    expect(ran(5, { 'released-at': at(2) }, at(2))).toBe(3);
    expect(ran(5, {}, at(1))).toBe(4);
  });

  it('is kept over pauses although Kubernetes removes the start time and sets it anew', () => {
    const paused = { 'resumed-at': at(1), 'paused-seconds': '3600', 'paused-at': at(3) };

    expect(ran(7, paused)).toBe(2);
    expect(ran(7, paused, at(6))).toBe(2);
    const resumed = { 'resumed-at': at(6), 'paused-seconds': String(4 * 3600) };
    expect(ran(7, resumed)).toBe(3);
    expect(ran(7, resumed, at(6))).toBe(3);
  });

  it('counts nothing of the piece in the middle of which a person suspended it', () => {
    // Released at noon, suspended by its user at some time, on again at 16:00.
    expect(ran(5, { 'released-at': at(0) }, at(4))).toBe(1);
    expect(progressOf({}, at(4), NOON).resumedAt).toBe(NOON + 4 * HOUR_MS);
  });
});
