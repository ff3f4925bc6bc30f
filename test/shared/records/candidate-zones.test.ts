import { expect, it } from 'vitest';
import { zone } from '../../../shared/grid/zones.ts';
import { decodeCandidateZones, encodeCandidateZones } from '../../../shared/records/candidate-zones.ts';

it('keeps how many candidates were in each zone, by name', () => {
  const text = encodeCandidateZones(['FR', 'DE', 'FR'].map(zone));

  expect(text).toBe('DE=1,FR=2');
  expect(decodeCandidateZones(text)).toEqual(
    new Map([
      ['DE', 1],
      ['FR', 2],
    ]),
  );
});

it('keeps that nothing was known apart from nothing recorded, and leaves out what is no zone', () => {
  expect(encodeCandidateZones([])).toBeNull();
  expect(decodeCandidateZones(null)).toBeUndefined();
  expect(decodeCandidateZones('??=3,DE=1')).toEqual(new Map([['DE', 1]]));
});
