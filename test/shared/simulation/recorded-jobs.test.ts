import { describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Decision } from '../../../shared/records/placements.ts';
import type { ReadableStore } from '../../../shared/records/power.ts';
import { recordedJobs } from '../../../shared/simulation/recorded-jobs.ts';

const KWH = 3_600_000;

function decision(boundAt: number, more: Partial<Decision> = {}): Decision {
  return {
    ...{ uid: `u${boundAt}`, namespace: 'batch', pod: 'report', zone: zone('DE'), candidateZones: 'DE=2,FR=1' },
    ...{ boundAt: boundAt * HOUR_MS, arrivedAt: (boundAt - 2) * HOUR_MS, latestStart: (boundAt + 1) * HOUR_MS },
    ...more,
  } as Decision;
}

/** Containers of the pod with the hours in which they ran, a kilowatt-hour in each. */
function jobsOf(decisions: readonly Decision[], runs: readonly (readonly [from: number, to: number])[], each = KWH) {
  const store: Pick<ReadableStore, 'containers' | 'samples'> = {
    containers: async () =>
      runs.map(([from, to], at) => ({
        container: { namespace: 'batch', pod: 'report', container: `c${at}`, node: 'n' },
        ...{ first: from * HOUR_MS, last: to * HOUR_MS },
      })),
    samples: async function* (filter, { from, to }) {
      if (filter.pod !== 'report') return;
      for (const [start, end] of runs)
        for (let hour = Math.max(start, from / HOUR_MS); hour < Math.min(end, to / HOUR_MS); hour++)
          yield [
            {
              container: { namespace: 'batch', pod: 'report', container: 'c', node: 'n' },
              ...{ start: hour * HOUR_MS, end: (hour + 1) * HOUR_MS, joules: joules(each) },
            },
          ];
    },
  };
  return recordedJobs(store as ReadableStore, decisions);
}

describe('recordedJobs', () => {
  it('has arrival, run time, slack, mean power and start of what ran', async () => {
    const { decisions, jobs, zones } = await jobsOf([decision(10)], [[10, 12]]);

    expect([decisions, zones]).toEqual([1, ['DE', 'FR']]);
    expect(jobs).toEqual([
      {
        ...{ arrival: 8 * HOUR_MS, durationHours: 2, slackHours: 3, watts: 1000, zones: ['DE', 'FR'] },
        recorded: { start: 10 * HOUR_MS, zone: 'DE' },
      },
    ]);
  });

  it('runs until the last of its containers has ended', async () => {
    const { jobs } = await jobsOf(
      [decision(10)],
      [
        [10, 14],
        [10, 12],
      ],
    );

    expect(jobs.map(({ durationHours }) => durationHours)).toEqual([4]);
  });

  it('ends an earlier pod of the same name when the later one was bound, in order of arrival', async () => {
    const { jobs } = await jobsOf([decision(4), decision(10)], [[4, 12]]);

    expect(jobs.map(({ arrival, durationHours }) => [arrival / HOUR_MS, durationHours])).toEqual([
      [2, 6],
      [8, 2],
    ]);
  });

  it('counts a start after the deadline as slack, and none where no wait was allowed', async () => {
    const slack = async (more: Partial<Decision>) =>
      (await jobsOf([decision(10, more)], [[10, 11]])).jobs[0]?.slackHours;

    expect(await slack({ latestStart: 9 * HOUR_MS })).toBe(2);
    expect(await slack({ latestStart: null, arrivedAt: null })).toBe(0);
  });

  it('leaves out what has no zone, no measured power, or no time', async () => {
    expect((await jobsOf([decision(10, { zone: null })], [[10, 12]])).jobs).toEqual([]);
    expect((await jobsOf([decision(10)], [[10, 12]], 0)).jobs).toEqual([]);
    expect((await jobsOf([decision(12)], [[10, 12]])).jobs).toEqual([]);
  });
});
