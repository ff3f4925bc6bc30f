import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCarbonCache } from '../../shared/grid/carbon-cache.ts';
import type { HourlyIntensity, IntensitySample, Quality } from '../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { NOW } from './run.ts';

const HOUR = Date.parse(NOW) - 30 * 60_000;

/** One hour of a zone, measured unless told otherwise. */
export function hourOfZone(code: string, hour: EpochMs, value: number, quality: Quality = 'measured'): HourlyIntensity {
  return {
    zone: zone(code),
    hour,
    carbonIntensity: gramsPerKwh(value),
    provider: 'test-grid',
    signal: 'average',
    quality,
  };
}

/**
 * A store with 48 h before noon of NOW: US-MIDA-PJM steady at 450.25, FR at 40, and DE at 100 by night (18 to 6 h) and
 * 500 by day; one pod of shop/checkout that draws 36 W by night and 180 W by day on node-1.
 */
export async function seedHistory(folder: string): Promise<void> {
  await using store = openSqliteWriter(folder);
  const hours = Array.from({ length: 48 }, (_, index) => HOUR - (index + 1) * HOUR_MS);
  await store.record(
    hours.flatMap((hour) => [
      hourOfZone('US-MIDA-PJM', hour, 450.25),
      hourOfZone('FR', hour, 40),
      hourOfZone('DE', hour, isDay(hour) ? 500 : 100),
    ]),
  );
  const container = { namespace: 'shop', pod: 'checkout-7d9f-abcde', container: 'app', node: 'node-1' };
  for (const start of hours.toReversed())
    for (let minute = 0; minute < 60; minute++) {
      const from = start + minute * 60_000;
      const watts = isDay(start) ? 180 : 36;
      await store.append({
        target: 'test',
        samples: [{ container, start: from, end: from + 60_000, joules: joules(watts * 60) }],
      });
    }
  await store.compact(HOUR + 2 * HOUR_MS);
}

/** Between 6 and 18 h UTC. */
export function isDay(hour: EpochMs): boolean {
  const hours = new Date(hour).getUTCHours();
  return hours >= 6 && hours < 18;
}

/** A cache file with DE, FR and PL at NOW, DE with a forecast that is lowest from 18 to 22 h. */
export function seedCache(folder: string, writtenAt: EpochMs = Date.parse(NOW) - 60_000): string {
  const file = join(folder, 'carbon_cache.json');
  const reading = (code: string, value: number, quality: Quality): IntensitySample => ({
    zone: zone(code),
    carbonIntensity: gramsPerKwh(value),
    datetime: HOUR,
    fetchedAt: writtenAt,
    updatedAt: null,
    createdAt: null,
    emissionFactorType: 'lifecycle',
    isEstimated: quality === 'estimated',
    estimationMethod: null,
    provider: 'test-grid',
    signal: 'average',
    quality,
  });
  const forecast = Array.from({ length: 24 }, (_, index) => {
    const datetime = HOUR + index * HOUR_MS;
    const clock = new Date(datetime).getUTCHours();
    return { datetime, carbonIntensity: gramsPerKwh(clock >= 18 && clock < 22 ? 120 : 400) };
  });
  const regions = [
    { ...reading('DE', 410.5, 'measured'), forecast, forecastSource: 'test-grid' },
    reading('FR', 38, 'estimated'),
    reading('PL', 702.25, 'measured'),
  ];
  writeFileSync(file, encodeCarbonCache(regions, writtenAt, 10) ?? '');
  return file;
}
