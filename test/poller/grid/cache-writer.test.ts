import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCacheWriter } from '../../../poller/grid/cache-writer.ts';
import type { CachedRegion } from '../../../shared/grid/carbon-cache.ts';
import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { FakeClock } from '../../fake-clock.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
const FR = zone('FR');

let folder: string;
let clock: FakeClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-writer-'));
  clock = new FakeClock(NOON + 5 * MINUTE);
});

afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'cache.json');
const shown = () => JSON.parse(readFileSync(file(), 'utf8')).regions.FR;
const open = () => openCacheWriter({ file: file(), ttlMinutes: 10, named: [{ name: 'FR', zone: FR }], clock });

function sample(carbonIntensity: number, more: Partial<IntensitySample>): IntensitySample {
  return {
    zone: FR,
    carbonIntensity: gramsPerKwh(carbonIntensity),
    datetime: NOON,
    fetchedAt: clock.now(),
    updatedAt: null,
    createdAt: null,
    emissionFactorType: 'lifecycle',
    isEstimated: false,
    estimationMethod: null,
    provider: 'electricity-maps',
    signal: 'average',
    quality: 'measured',
    ...more,
  };
}

describe('the cache writer', () => {
  it.each([
    ['an estimate of the same provider', { quality: 'estimated' }],
    [
      'an estimate of a fallback for the same hour',
      { quality: 'estimated', provider: 'energy-charts', datetime: NOON + 30 * MINUTE },
    ],
    ['a marginal value of a fallback', { signal: 'marginal', provider: 'watttime' }],
  ] as const)('keeps a fresh measurement against %s, and gives it up with its TTL', async (_, more) => {
    const cache = await open();
    await cache.write([sample(42, {})]);
    await clock.advance(5 * MINUTE);
    await cache.write([sample(99, more)]);
    const kept = shown().carbonIntensity;
    await clock.advance(6 * MINUTE);

    await cache.write([sample(99, more)]);

    expect([kept, shown().carbonIntensity]).toEqual([42, 99]);
  });

  it.each([
    ['a newer measurement of the same hour', {}],
    ['an estimate of the next hour', { quality: 'estimated', datetime: NOON + 60 * MINUTE }],
    ['an estimate of the next step of the same provider', { quality: 'estimated', datetime: NOON + 30 * MINUTE }],
  ] as const)('takes %s at once', async (_, more) => {
    const cache = await open();
    await cache.write([sample(42, {})]);

    await cache.write([sample(99, more)]);

    expect(shown().carbonIntensity).toBe(99);
  });
});

describe('the forecast of an earlier poller', () => {
  const ahead = (hours: number) => ({ datetime: NOON + hours * 60 * MINUTE, carbonIntensity: gramsPerKwh(40 + hours) });
  const withForecast = (): CachedRegion => ({
    ...sample(42, {}),
    forecast: Array.from({ length: 48 }, (_, hours) => ahead(hours)),
    forecastSource: 'electricity-maps',
  });

  /** A poller that wrote a forecast, and a new one that starts after it. */
  async function restarted() {
    await (await open()).write([withForecast()]);
    return open();
  }

  it('is kept with the first samples after a restart, without the hours that are over', async () => {
    const cache = await restarted();
    await clock.advance(55 * MINUTE);

    await cache.write([sample(43, { datetime: NOON + 60 * MINUTE })]);

    expect(shown()).toMatchObject({ carbonIntensity: 43, forecastSource: 'electricity-maps' });
    expect(shown().forecast[0]).toEqual({ datetime: '2026-01-01T13:00:00.000Z', carbonIntensity: 41 });
  });

  it('is not joined to a sample of another provider: methods are never mixed', async () => {
    const cache = await restarted();

    await cache.write([sample(99, { provider: 'energy-charts', datetime: NOON + 60 * MINUTE })]);

    expect(shown()).toMatchObject({ carbonIntensity: 99, provider: 'energy-charts' });
    expect(shown()).not.toHaveProperty('forecast');
  });

  it('is kept for an hour at most, and never replaces a new one', async () => {
    const cache = await restarted();
    const own = { ...sample(43, {}), forecast: [ahead(1)], forecastSource: 'history' };
    await cache.write([own]);
    const replaced = shown().forecastSource;
    await clock.advance(59 * MINUTE);
    await cache.write([sample(44, { datetime: NOON + 60 * MINUTE })]);
    const before = shown().forecast?.length;
    await clock.advance(MINUTE);

    await cache.write([sample(45, { datetime: NOON + 60 * MINUTE })]);

    expect([replaced, before]).toEqual(['history', 47]);
    expect(shown()).not.toHaveProperty('forecast');
  });
});
