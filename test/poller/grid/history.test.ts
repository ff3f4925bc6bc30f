import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import type { Forecaster } from '../../../poller/grid/enrichment.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { WritableStore } from '../../../shared/records/power.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../../doubles/electricity-maps.ts';
import { startUkCarbonIntensity } from '../../doubles/uk-carbon-intensity.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';
import { startPollCycles } from './poll-cycles.ts';

const NOON = Date.parse('2026-01-15T12:00:00Z');
const MINUTE = 60_000;

let folder: string;
let double: ElectricityMapsDouble;
let clock: FakeClock;
let store: ReturnType<typeof openSqliteWriter>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  double = await startElectricityMaps({ FR: 42 });
  clock = new FakeClock(NOON + 2 * MINUTE);
  double.now = () => clock.now();
  store = openSqliteWriter(folder);
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const region = (code: string) => JSON.parse(readFileSync(join(folder, 'cache.json'), 'utf8')).regions[code];
const rows = (code = 'FR') => store.intensities([zone(code)], { from: NOON - 30 * HOUR_MS, to: NOON + 30 * HOUR_MS });
const asked = (text: string) => double.requests.filter(({ path }) => path.includes(text)).length;

function start(env: Record<string, string> = {}, more: Parameters<typeof startPollCycles>[2] = {}) {
  const config = loadConfig('poller', pollerConfigSchema, {
    CACHE_FILE: join(folder, 'cache.json'),
    ZONES: 'FR',
    GRID_PROVIDERS: 'electricity-maps',
    GRID_TIMEOUT_SECONDS: '0.3',
    ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
    ELECTRICITY_MAPS_URL: double.url,
    ...env,
  });
  return startPollCycles(config, clock, { attempts: 1, store, ...more });
}

describe('the history of the grid task', () => {
  it('keeps the present hour with its mix, and fills in the weeks before from the archive', async () => {
    const { poll } = await start();

    await poll();

    const kept = await rows();
    expect(kept).toHaveLength(31);
    expect(kept[0]).toMatchObject({ quality: 'measured', dataQuality: 'historical', carbonIntensity: 42 });
    expect(kept.at(-1)).toMatchObject({
      hour: NOON,
      quality: 'estimated',
      emissionFactorType: 'lifecycle',
      estimationMethod: 'TIME_SLICER_AVERAGE',
      energyMix: { nuclear: 40, other: 10, coal: 10, wind: 25, solar: 0, hydro: 10, gas: 5 },
    });
    expect(kept.at(-1)).not.toHaveProperty('dataQuality');
  });

  it('never lets an estimate take the place of a measurement of the same hour, whoever comes last', async () => {
    const { poll } = await start();
    await poll();
    await clock.advance(7 * HOUR_MS);
    await poll();
    double.values.set('FR', 99);
    await (await start({ GRID_BACKFILL: 'no' })).poll();

    const kept = await rows();

    expect(kept.find(({ hour }) => hour === NOON)).toMatchObject({ quality: 'measured', carbonIntensity: 42 });
    expect(kept.find(({ hour }) => hour === NOON + 7 * HOUR_MS)).toMatchObject({ carbonIntensity: 99 });
  });

  it('fills a gap that an outage left, once the provider is back', async () => {
    const { poll } = await start();
    await poll();
    double.faults.set('*', 'error-500');
    for (let hour = 0; hour < 9; hour++) {
      await clock.advance(HOUR_MS);
      await poll();
    }
    const during = (await rows()).filter(({ hour }) => hour > NOON).length;
    double.faults.clear();
    await clock.advance(HOUR_MS);

    await poll();

    expect(during).toBe(0);
    expect((await rows()).filter(({ hour }) => hour > NOON)).toHaveLength(10);
  });

  it('keeps the mean of an hour that a provider tells in steps', async () => {
    const uk = await startUkCarbonIntensity({ GB: 100 });
    uk.now = () => clock.now();
    const env = { ZONES: 'GB', GRID_PROVIDERS: 'uk-carbon-intensity', UK_CARBON_INTENSITY_URL: uk.url };
    const { poll } = await start({ ...env, GRID_BACKFILL: 'no', GRID_FORECAST: 'no' });

    await poll();
    uk.values.set('GB', 200);
    await clock.advance(30 * MINUTE);
    await poll();
    await uk[Symbol.asyncDispose]();

    expect(await rows('GB')).toMatchObject([{ hour: NOON, carbonIntensity: 150 }]);
  });

  it('keeps rows for a store that is away, and writes the cache all the same', async () => {
    let away = true;
    const failing = {
      record: (given: Parameters<WritableStore['record']>[0]) =>
        away ? Promise.reject(new Error('the disk is full')) : store.record(given),
    };
    const { poll, log, metric } = await start({ GRID_BACKFILL: 'no' }, { store: failing });
    const first = await poll();
    await clock.advance(HOUR_MS);
    await poll();
    const pending = await metric('history_pending_rows');
    away = false;
    await clock.advance(HOUR_MS);

    const last = await poll();

    expect([first.stored, last.stored, first.written.length]).toEqual([false, true, 1]);
    expect(log.at('error').map(({ message }) => message)).toContain(
      'could not write the intensity history to the store; keeping it for the next poll cycle',
    );
    expect(pending).toEqual(['carbon_poller_grid_history_pending_rows 2']);
    expect(await rows()).toHaveLength(3);
  });

  it('keeps no yearly average', async () => {
    const { poll } = await start({ GRID_PROVIDERS: 'yearly-average' });

    await poll();

    expect(region('FR').quality).toBe('yearly-average');
    expect(await rows()).toEqual([]);
  });
});

describe('the archive of a provider', () => {
  const ranges = () => asked('carbon-intensity/past-range');

  it('is read once, ten days a request, and not again after a restart', async () => {
    await (await start()).poll();
    await clock.advance(7 * HOUR_MS);
    const { poll } = await start();
    await poll();
    await clock.advance(7 * HOUR_MS);
    await poll();

    const from = NOON - 28 * 24 * HOUR_MS;
    const kept = await store.intensities([zone('FR')], { from, to: NOON + 20 * HOUR_MS });
    expect(ranges()).toBe(3);
    expect(kept.length).toBeGreaterThanOrEqual(28 * 24);
  });

  it('is left alone where the plan has none: the last day is read instead', async () => {
    double.access = ['carbon-intensity/latest', 'carbon-intensity/history'];

    await (await start()).poll();

    expect(ranges()).toBe(0);
    expect(await rows()).toHaveLength(25);
  });

  it('is tried again after an outage', async () => {
    const { poll } = await start();
    double.faults.set('*', 'error-500');
    await poll();
    double.faults.clear();
    await clock.advance(HOUR_MS);

    await poll();

    expect(await rows()).toHaveLength(32);
  });
});

describe('the forecast in the cache', () => {
  it("is the provider's own, hourly from the present hour, and asked for once an hour", async () => {
    const { poll, metric } = await start();
    for (let turn = 0; turn < 12; turn++) {
      await poll();
      await clock.advance(5 * MINUTE);
    }
    const first = region('FR');
    await poll();

    expect(first).toMatchObject({ forecastSource: 'electricity-maps', forecast: { length: 72 } });
    expect(first.forecast[0]).toMatchObject({
      datetime: '2026-01-15T12:00:00.000Z',
      carbonIntensity: 42,
      source: 'electricity-maps',
    });
    expect(region('FR').forecast[0].datetime).toBe('2026-01-15T13:00:00.000Z');
    expect(asked('carbon-intensity/forecast')).toBe(2);
    expect(await metric('grid_forecast_points{zone="FR",source="electricity-maps"} 72')).toHaveLength(1);
  });

  it('keeps the hours that are left while the provider has no new ones, and goes on with our own', async () => {
    const { poll } = await start();
    await poll();
    double.faults.set('FR', 'error-500');
    await clock.advance(3 * HOUR_MS);
    double.faults.clear();
    double.access = ['carbon-intensity/latest'];

    await poll();

    const sources = region('FR').forecast.map(({ source }: { source: string }) => source);
    expect([sources.length, sources[0], sources[69], sources[71]]).toEqual([
      72,
      'electricity-maps',
      'electricity-maps',
      'history',
    ]);
  });

  it('outlives a restart, even when the provider gives no new one just then', async () => {
    await (await start()).poll();
    double.access = ['carbon-intensity/latest'];
    await clock.advance(5 * MINUTE);

    await (await start()).poll();

    expect(region('FR')).toMatchObject({ forecastSource: 'electricity-maps', forecast: { length: 72 } });
  });

  it('is made from our own history where the key has none', async () => {
    double.access = ['carbon-intensity/latest', 'carbon-intensity/history'];
    const shown: number[] = [];
    const forecaster: Forecaster = (code, now, history) => {
      shown.push(history.length);
      expect(code).toBe('FR');
      return [
        {
          datetime: now - (now % HOUR_MS) + HOUR_MS,
          carbonIntensity: gramsPerKwh(40),
          low: gramsPerKwh(30),
          high: gramsPerKwh(50),
        },
      ];
    };
    const { poll } = await start({}, { forecaster });

    await poll();

    expect(region('FR')).toMatchObject({
      forecastSource: 'history',
      forecast: [{ datetime: '2026-01-15T13:00:00.000Z', carbonIntensity: 40, low: 30, high: 50 }],
    });
    expect(shown[0]).toBeGreaterThan(0);
    expect(asked('carbon-intensity/forecast')).toBe(0);
  });

  it('is learnt from nine days of our own hours by the poller itself', async () => {
    double.access = ['carbon-intensity/latest'];
    const past = Array.from({ length: 9 * 24 }, (_, back) => ({
      zone: zone('FR'),
      hour: NOON - (back + 1) * HOUR_MS,
      carbonIntensity: gramsPerKwh(60 + 20 * Math.sin(((back % 24) / 24) * 2 * Math.PI)),
      provider: 'electricity-maps',
      signal: 'average' as const,
      quality: 'measured' as const,
    }));
    await store.record(past);
    const { poll } = await start();

    await poll();

    const { forecast, forecastSource } = region('FR');
    expect([forecastSource, forecast.length, forecast[0].datetime]).toEqual([
      'history',
      72,
      '2026-01-15T12:00:00.000Z',
    ]);
    expect(forecast[6]).toMatchObject({ low: expect.any(Number), high: expect.any(Number) });
  });

  it('is absent when neither knows one', async () => {
    double.access = ['carbon-intensity/latest'];
    const { poll } = await start({}, { forecaster: () => undefined });

    await poll();

    expect(region('FR')).not.toHaveProperty('forecast');
  });
});
