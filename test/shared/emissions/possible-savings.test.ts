import { describe, expect, it } from 'vitest';
import { leastByStart, leastByZone } from '../../../shared/emissions/possible-savings.ts';
import { savingsOf, savingsTotals } from '../../../shared/emissions/savings.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import { encodeCandidateZones } from '../../../shared/records/candidate-zones.ts';
import type { Decision } from '../../../shared/records/placements.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
/** By hour from noon on; unknown after that. */
const HOURS: Readonly<Record<string, readonly number[]>> = {
  DE: [500, 400, 100, 300, 200],
  FR: [50, 60, 70, 80, 90],
};

function at(of: Zone) {
  return (hour: number) => {
    const value = HOURS[of]?.[(hour - NOON) / HOUR_MS];
    return value === undefined ? undefined : { carbonIntensity: gramsPerKwh(value), quality: 'measured' as const };
  };
}

/** A pod in DE that arrived at noon and started after some hours. */
function decision(startedAfter: number, slack: number | null, candidates: readonly string[] = ['DE']): Decision {
  const boundAt = NOON + startedAfter * HOUR_MS;
  return {
    ...{ uid: 'u', namespace: 'batch', pod: 'p', ownerKind: 'Job', ownerName: 'p', node: 'n', zone: zone('DE') },
    ...{ intensity: gramsPerKwh(300), quality: 'measured', intensityAgeMs: 0, candidates: candidates.length },
    candidateZones: encodeCandidateZones(candidates.map((code) => zone(code))),
    ...{ candidatesMean: null, candidatesWorst: null, candidatesBest: null, mode: 'enforce' },
    ...{ arrivedAt: NOON, releasedAt: boundAt, latestStart: slack === null ? null : NOON + slack * HOUR_MS },
    ...{ decidedAt: boundAt, boundAt },
  };
}

/** A kilowatt-hour in the first hour after the start. */
const oneHour = ({ boundAt }: Decision) => [{ start: boundAt, end: boundAt + HOUR_MS, joules: joules(3_600_000) }];
const savings = (of: Decision) => savingsOf(of, oneHour(of), at);
const byStart = (of: Decision) => savings(of).find(({ baseline }) => baseline === 'arrival');

describe('what was possible', () => {
  it('by waiting is the cleanest start from the arrival to the latest start', () => {
    expect(byStart(decision(3, 4))).toMatchObject({ saved: 200, possible: 400 });
    // The clean hour is after the latest start.
    expect(byStart(decision(1, 1))).toMatchObject({ saved: 100, possible: 100 });
    // It is the latest start itself.
    expect(byStart(decision(1, 2))).toMatchObject({ saved: 100, possible: 400 });
  });

  it('is what was saved where the start was the cleanest', () => {
    expect(byStart(decision(2, 4))).toMatchObject({ saved: 400, possible: 400 });
  });

  it('leaves out starts whose hours are not known, and is not known without a latest start', () => {
    expect(byStart(decision(4, 30))).toMatchObject({ saved: 300, possible: 400 });
    expect(byStart(decision(4, null))).toMatchObject({ saved: 300, possible: null });
  });

  it('counts the start that it had, between full hours too', () => {
    const late = { ...decision(2.5, 4), arrivedAt: NOON };
    const [first] = savingsOf(
      late,
      [{ start: late.boundAt, end: late.boundAt + HOUR_MS / 2, joules: joules(3_600_000) }],
      at,
    );

    expect(first?.possible).toBeGreaterThanOrEqual(first?.saved ?? Number.NaN);
  });

  it('by placement is the cleanest zone of the candidates, the whole run in it', () => {
    const [, placed] = savings(decision(1, 4, ['DE', 'FR']));

    expect(placed).toMatchObject({
      baseline: 'candidates-mean',
      saved: (400 + 60) / 2 - 400,
      possible: (400 + 60) / 2 - 60,
    });
  });

  it('adds up, a pod of which it is not known with what it saved', () => {
    const both = [decision(3, 4), decision(4, null)].flatMap((one) => savings(one));

    const [total] = savingsTotals(both.filter(({ baseline }) => baseline === 'arrival'));

    expect(total).toMatchObject({ saved: 500, possible: 700 });
  });
});

describe('a start or zone of which a part of the time is not known', () => {
  const half = HOUR_MS / 2;
  const span = { start: NOON + 4 * HOUR_MS + half, end: NOON + 5 * HOUR_MS + half, joules: joules(3_600_000) };

  it('is no possibility: its unknown part would count as clean', () => {
    const times = { arrivedAt: span.start, latestStart: span.start, boundAt: span.start };
    const later = leastByStart(times, at(zone('DE')));
    later.add(span, 1000);
    const elsewhere = leastByZone([zone('FR')], at);
    elsewhere.add(span, 1000);

    expect([later.least(), elsewhere.least()]).toEqual([undefined, undefined]);
  });

  it('is one where all of it is known', () => {
    const known = { ...span, start: span.start - HOUR_MS, end: span.end - HOUR_MS };
    const elsewhere = leastByZone([zone('FR')], at);
    elsewhere.add(known, 1000);

    expect(elsewhere.least()).toBeCloseTo(85, 9);
  });
});
