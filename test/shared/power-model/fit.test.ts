import { expect, it } from 'vitest';
import { fitFamilies, fitGeneric, recentServers, threadPowerOf } from '../../../shared/power-model/fit.ts';
import type { Server } from '../../../shared/power-model/servers.ts';

const server = (fullWatts: number, family = 'Test Lake'): Server => ({
  year: 2020,
  cpu: 'T 1',
  family,
  threads: 10,
  idleWatts: fullWatts / 5,
  fullWatts,
});

it('divides the power of a server by its hardware threads', () => {
  expect(threadPowerOf(server(100))).toEqual({ idle: 2, dynamic: 8 });
});

it('fits the generic model to the median, with the deciles as bounds', () => {
  const fit = fitGeneric([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110].map((watts) => server(watts)));

  expect(fit.power).toEqual({ idle: 60 / 50, dynamic: (60 * 4) / 50 });
  expect(fit.dynamicBounds.low).toBeCloseTo(20 / 60, 9);
  expect(fit.dynamicBounds.high).toBeCloseTo(100 / 60, 9);
});

it('fits microarchitectures of at least five servers, and takes bounds from each server against the others of its kind', () => {
  const five = [100, 100, 100, 100, 150].map((watts) => server(watts));
  const fit = fitFamilies([...five, ...[10, 20, 30, 40].map((watts) => server(watts, 'Rare Lake')), server(5, '')]);

  expect([...fit.power.keys()]).toEqual(['Test Lake']);
  expect(fit.power.get('Test Lake')).toEqual({ idle: 2, dynamic: 8 });
  // Four are as the others, one is 1.5 times as much: the ninth decile lies at 0.6 of the way from the fourth to it.
  expect(fit.dynamicBounds.low).toBeCloseTo(1, 9);
  expect(fit.dynamicBounds.high).toBeCloseTo(1 + 0.6 * 0.5, 9);
});

it('leaves servers from before 2013 out of the generic model', () => {
  expect(
    recentServers([
      { ...server(1), year: 2012 },
      { ...server(2), year: 2013 },
    ]),
  ).toHaveLength(1);
});
