import { describe, expect, it } from 'vitest';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Decision, DecisionStore } from '../../../shared/records/placements.ts';
import type { Opened } from './opened-parts.ts';

/** Noon of the day that the contract's decisions are of. */
const NOON = Date.parse('2026-01-01T12:00:00.123Z');

/** A decision with every field known. */
export function decision(uid: string, boundAt = NOON): Decision {
  return {
    uid,
    namespace: 'shop',
    pod: `web-${uid}`,
    ownerKind: 'ReplicaSet',
    ownerName: 'web',
    node: 'node-fr',
    zone: zone('FR'),
    intensity: gramsPerKwh(42.5),
    quality: 'estimated',
    intensityAgeMs: 61_000,
    candidates: 12,
    candidateZones: 'DE=7,FR=5',
    candidatesMean: gramsPerKwh(310.25),
    candidatesWorst: gramsPerKwh(700),
    candidatesBest: gramsPerKwh(42.5),
    mode: 'enforce',
    arrivedAt: boundAt - 7_200_000,
    releasedAt: boundAt - 900,
    latestStart: boundAt + 3_600_000,
    decidedAt: boundAt - 5,
    boundAt,
  };
}

/** Every adapter of the decisions' port passes this suite. `open` gives an empty store. */
export function decisionsContract(name: string, open: () => Promise<Opened<DecisionStore>>): void {
  describe(`${name} keeps decisions`, () => {
    it('and gives them back by the time of binding, from the start and before the end of a range', async () => {
      await using store = await open();
      await store.recordDecisions([decision('late', NOON + 2_000), decision('early'), decision('after', NOON + 3_000)]);

      const found = await Array.fromAsync(store.decisions({ from: NOON, to: NOON + 3_000 }));

      expect(found).toEqual([decision('early'), decision('late', NOON + 2_000)]);
    });

    it('with what was not known left unknown', async () => {
      await using store = await open();
      const unknown: Decision = {
        ...decision('u'),
        ownerKind: null,
        ownerName: null,
        zone: null,
        intensity: null,
        quality: null,
        intensityAgeMs: null,
        candidatesMean: null,
        candidatesWorst: null,
        candidatesBest: null,
        candidateZones: null,
        arrivedAt: null,
        releasedAt: null,
        latestStart: null,
      };

      await store.recordDecisions([unknown]);

      expect(await Array.fromAsync(store.decisions({ from: 0, to: NOON + 1 }))).toEqual([unknown]);
    });

    it('until they are older than wanted, and tells how many went', async () => {
      await using store = await open();
      await store.recordDecisions([decision('old', NOON - 1), decision('older', NOON - 2), decision('kept')]);

      const gone = await store.forgetDecisionsBefore(NOON);

      const left = await Array.fromAsync(store.decisions({ from: 0, to: NOON + 1 }));
      expect([gone, left]).toEqual([2, [decision('kept')]]);
    });

    it('once for each pod: a batch that is delivered twice changes nothing', async () => {
      await using store = await open();
      await store.recordDecisions([decision('a')]);

      await store.recordDecisions([decision('a'), decision('b')]);

      expect(await Array.fromAsync(store.decisions({ from: 0, to: NOON + 1 }))).toHaveLength(2);
    });

    it('with candidates even when a replica that was not asked tells of the same pod later', async () => {
      await using store = await open();
      const unasked: Decision = { ...decision('a'), candidates: 0, candidateZones: null, candidatesMean: null };
      await store.recordDecisions([unasked, { ...unasked, uid: 'b' }]);
      await store.recordDecisions([decision('a')]);

      await store.recordDecisions([unasked, { ...unasked, uid: 'b', boundAt: NOON - 1 }]);

      const found = await Array.fromAsync(store.decisions({ from: 0, to: NOON + 1 }));
      expect(found.map(({ uid, candidates, boundAt }) => [uid, candidates, boundAt])).toEqual([
        ['a', 12, NOON],
        ['b', 0, NOON],
      ]);
    });
  });
}
