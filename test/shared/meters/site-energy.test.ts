import { describe, expect, it } from 'vitest';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { meteredEmissions, SiteEnergy } from '../../../shared/meters/site-energy.ts';
import type { MeterReading } from '../../../shared/records/meter-reading.ts';

const reading = (hours: number, watts: number, deviceId = 'pdu') =>
  ({ siteId: 'hall', deviceId, timestamp: hours * HOUR_MS, watts }) as MeterReading;

function energy(readings: readonly MeterReading[], range = { from: 0, to: 10 * HOUR_MS }) {
  const site = new SiteEnergy(range, 2 * HOUR_MS);
  for (const each of readings) site.add(each);
  return site.hours();
}

describe('readings of a device', () => {
  it('have the mean of two neighbours as the power between them, cut at hours', () => {
    expect(energy([reading(0.5, 100), reading(1.5, 300)])).toEqual([
      { deviceId: 'pdu', hour: 0, joules: 200 * 1800, coveredMs: HOUR_MS / 2 },
      { deviceId: 'pdu', hour: HOUR_MS, joules: 200 * 1800, coveredMs: HOUR_MS / 2 },
    ]);
  });

  it('say nothing over a gap that is longer than the limit, and all at the limit', () => {
    expect(energy([reading(0, 100), reading(2, 100)])).toHaveLength(2);
    expect(energy([reading(0, 100), reading(2.001, 100)])).toEqual([]);
  });

  it('count within the range only, and device by device', () => {
    const found = energy([reading(0, 100), reading(0, 50, 'b'), reading(1, 100), reading(1, 50, 'b')], {
      from: HOUR_MS / 2,
      to: HOUR_MS,
    });

    expect(found.map(({ deviceId, joules }) => [deviceId, joules])).toEqual([
      ['pdu', 180_000],
      ['b', 90_000],
    ]);
  });
});

describe('emissions of a site', () => {
  const hours = energy([reading(0, 1000), reading(1, 1000), reading(2, 1000)]);
  const intensity = { carbonIntensity: gramsPerKwh(300), quality: 'measured' as const };

  it('are of the hours whose intensity is known; energy is of all', () => {
    const found = meteredEmissions(hours, (hour) => (hour === 0 ? intensity : undefined));

    expect(found).toEqual({
      ...{ joules: 7_200_000, grams: 300, poweredMs: 2 * HOUR_MS, pricedMs: HOUR_MS, pricedJoules: 3_600_000 },
      qualities: new Set(['measured']),
    });
  });

  it('are undefined, not 0, where no intensity or no power is known', () => {
    expect(meteredEmissions(hours, () => undefined)).toMatchObject({ joules: 7_200_000, grams: undefined });
    expect(meteredEmissions([], () => intensity)).toMatchObject({ joules: undefined, grams: undefined });
  });
});
