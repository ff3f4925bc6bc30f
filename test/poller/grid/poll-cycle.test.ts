import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../../doubles/electricity-maps.ts';
import type { GridService } from '../../doubles/grid-service.ts';
import { startWattTime } from '../../doubles/watttime.ts';
import { FakeClock } from '../../fake-clock.ts';
import { startPollCycles } from './poll-cycles.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

let folder: string;
let double: ElectricityMapsDouble;
let others: GridService[];
let clock: FakeClock;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poll-'));
  double = await startElectricityMaps({ FR: 42, DE: 300 });
  others = [];
  clock = new FakeClock(NOON);
  double.now = () => clock.now();
});

afterEach(async () => {
  for (const server of [double, ...others]) await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, 'carbon_cache.json');
const document = () => JSON.parse(readFileSync(file(), 'utf8'));

function start(env: Record<string, string> = {}, more: Parameters<typeof startPollCycles>[2] = {}) {
  const config = loadConfig('poller', pollerConfigSchema, {
    CACHE_FILE: file(),
    ZONES: 'DE,FR',
    GRID_PROVIDERS: 'electricity-maps,yearly-average',
    GRID_TIMEOUT_SECONDS: '0.3',
    GRID_FORECAST: 'no',
    GRID_BACKFILL: 'no',
    ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
    ELECTRICITY_MAPS_URL: double.url,
    ...env,
  });
  return startPollCycles(config, clock, { attempts: 1, ...more });
}

const asked = (of: GridService, text: string) => of.requests.filter(({ path }) => path.includes(text)).length;

describe('a poll cycle', () => {
  it('writes the document of the contract, cleanest zone first', async () => {
    const { poll } = await start();

    await poll();

    expect(document()).toMatchObject({
      schema_version: 1,
      timestamp: '2026-01-01T12:00:00.000Z',
      ttl_minutes: 10,
      sorted_by_carbon: ['FR', 'DE'],
      best_region: 'FR',
      worst_region: 'DE',
    });
    expect(document().regions.FR).toEqual({
      zone: 'FR',
      gridZone: 'FR',
      carbonIntensity: 42,
      datetime: '2026-01-01T12:00:00.000Z',
      updatedAt: '2026-01-01T11:49:00.000Z',
      createdAt: '2025-12-29T12:00:00.000Z',
      emissionFactorType: 'lifecycle',
      isEstimated: true,
      estimationMethod: 'TIME_SLICER_AVERAGE',
      timestamp: '2026-01-01T12:00:00.000Z',
      provider: 'electricity-maps',
      signal: 'average',
      quality: 'estimated',
    });
  });

  it('exports the intensity for autoscalers by the name that ZONES gives, and not after the TTL', async () => {
    const { poll, metric } = await start({ ZONES: 'eu-central-1,FR' });
    await poll();
    const shown = await metric('grid_carbon_intensity{');
    double.faults.set('DE', 'html-502');
    await clock.advance(10 * MINUTE + 1);
    await poll();

    expect(shown).toEqual([
      'grid_carbon_intensity{region="eu-central-1",zone="DE"} 300',
      expect.stringContaining('region="FR"'),
    ]);
    expect(await metric('region="eu-central-1"')).toEqual([]);
  });

  it('keeps the last good sample of a zone that fails with its old time, and drops it after the TTL', async () => {
    const { poll, metric } = await start();
    await poll();
    double.faults.set('DE', 'html-502');
    await clock.advance(10 * MINUTE);

    await poll();
    const kept = document();
    const shown = await metric('carbon_intensity_grams_per_kwh{zone="DE"');
    await clock.advance(1);
    await poll();

    expect(kept.regions.DE).toMatchObject({ carbonIntensity: 300, timestamp: '2026-01-01T12:00:00.000Z' });
    expect(kept.regions.FR.timestamp).toBe('2026-01-01T12:10:00.000Z');
    expect(Object.keys(document().regions)).toEqual(['FR']);
    expect([shown.length, (await metric('grams_per_kwh{zone="DE"')).length]).toEqual([1, 0]);
  });

  it('writes nothing and leaves the old document when nothing is known any more, and recovers by itself', async () => {
    const { poll, log } = await start();
    await poll();
    const before = readFileSync(file(), 'utf8');
    double.faults.set('DE', 'error-500').set('FR', 'slow');
    for (let day = 0; day < 3; day++) {
      await clock.advance(24 * 60 * MINUTE);
      await poll();
    }
    const during = readFileSync(file(), 'utf8');
    double.faults.clear();
    await clock.advance(10 * MINUTE);

    await poll();

    expect(during).toBe(before);
    expect(log.at('error').length).toBe(3);
    expect(document()).toMatchObject({ timestamp: '2026-01-04T12:10:00.000Z', sorted_by_carbon: ['FR', 'DE'] });
  });

  it('uses a provider that is back in the next poll cycle, however long it was down', async () => {
    const { poll } = await start();
    double.faults.set('*', 'error-500');
    for (let cycle = 0; cycle < 36; cycle++) {
      await poll();
      await clock.advance(5 * MINUTE);
    }
    double.faults.clear();
    const before = double.requests.length;

    const { samples } = await poll();

    expect(samples.map(({ zone: code }) => code).sort()).toEqual(['DE', 'FR']);
    expect(before).toBeLessThan(36 * 3);
  });

  it('publishes names as ZONES has them, with the grid zone beside each', async () => {
    double.values.set('US-MIDA-PJM', 400).set('US-NY-NYIS', 200);
    const { poll, stored } = await start({ ZONES: 'us-east-1,US-NY-NYISO,US-MIDA-PJM,FR' });

    await poll();

    const { regions, sorted_by_carbon, best_region } = document();
    expect(sorted_by_carbon).toEqual(['FR', 'US-NY-NYISO', 'US-MIDA-PJM', 'us-east-1']);
    expect([best_region, regions['us-east-1'].gridZone, regions['us-east-1'].zone]).toEqual([
      'FR',
      'US-MIDA-PJM',
      'us-east-1',
    ]);
    expect(asked(double, 'carbon-intensity/latest?zone=US-MIDA-PJM')).toBe(1);
    expect(stored.find(({ zone: code }) => code === 'US-MIDA-PJM')?.regionNames).toEqual(['us-east-1', 'US-MIDA-PJM']);
  });

  it('refuses a zone that neither a table nor the catalogue of a provider has', async () => {
    await expect(start({ ZONES: 'DE,US-EAST-9' })).rejects.toThrow(/"US-EAST-9" is not a known zone; did you mean/);
  });

  it('takes over samples that are still good after a restart', async () => {
    await (await start()).poll();
    double.faults.set('DE', 'error-500');
    await clock.advance(2 * MINUTE);

    await (await start()).poll();

    expect(document().regions.DE.timestamp).toBe('2026-01-01T12:00:00.000Z');
  });

  it('gives a yearly average only to a zone that the plan does not cover, and says so', async () => {
    double.faults.set('DE', 'not-in-plan').set('FR', 'error-500');
    const { poll, stored } = await start();

    await poll();

    expect(Object.keys(document().regions)).toEqual(['DE']);
    expect(document().regions.DE).toMatchObject({
      provider: 'yearly-average',
      quality: 'yearly-average',
      isEstimated: true,
    });
    expect(document().regions.DE.datetime).toMatch(/^20\d\d-01-01T00:00:00.000Z$/);
    expect(stored).toEqual([]);
  });

  it('asks for a zone that the plan does not cover once an hour only', async () => {
    double.access = undefined;
    double.faults.set('DE', 'not-in-plan');
    const { poll } = await start();

    for (let turn = 0; turn < 14; turn++) {
      await poll();
      await clock.advance(5 * MINUTE);
    }

    expect(asked(double, 'latest?zone=DE')).toBe(2);
  });

  it.each(['stale', 'future'] as const)('does not take a %s value', async (behaviour) => {
    double.faults.set('DE', behaviour);

    await (await start()).poll();

    expect(Object.keys(document().regions)).toEqual(['FR']);
  });

  it('tries again what may pass, but waits no longer than the round allows, whichever zone was told to wait', async () => {
    double.faults.set('DE', 'error-500');
    const patient = { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep: async () => undefined };
    const first = await start({ ZONES: 'DE' }, { attempts: 3 });
    clock.sleep = patient.sleep;
    await first.poll();
    double.faults.set('DE', 'too-many-seconds');
    const second = await start({ ZONES: 'DE' }, { attempts: 3 });
    await second.poll();

    expect(asked(double, 'latest?zone=DE')).toBe(3 + 1);
  });

  it('takes the next provider of the chain, and shows it', async () => {
    const wattTime = await startWattTime({ CAISO_NORTH: 250 });
    others.push(wattTime);
    wattTime.now = () => clock.now();
    double.values.set('US-CAL-CISO', 200);
    double.faults.set('US-CAL-CISO', 'error-500');
    const { poll, metric } = await start({
      ZONES: 'FR,DE,US-CAL-CISO',
      GRID_PROVIDERS: 'electricity-maps,watttime,yearly-average',
      WATTTIME_URL: wattTime.url,
      WATTTIME_USERNAME: 'grid-reader',
      WATTTIME_PASSWORD: 'wt-pass-5e1d90',
    });

    await poll();

    expect(document().regions['US-CAL-CISO']).toMatchObject({
      provider: 'watttime',
      signal: 'marginal',
      quality: 'estimated',
    });
    expect([document().sorted_by_carbon, document().unranked]).toEqual([['FR', 'DE'], ['US-CAL-CISO']]);
    expect(await metric('fallbacks_total{zone="US-CAL-CISO",provider="watttime"} 1')).toHaveLength(1);
  });

  it('records the marginal intensity of past hours beside the average one, which alone is published', async () => {
    const wattTime = await startWattTime({ CAISO_NORTH: 250 });
    others.push(wattTime);
    wattTime.now = () => clock.now();
    double.values.set('US-CAL-CISO', 200);
    const { poll, stored } = await start({
      ...{ ZONES: 'US-CAL-CISO', GRID_PROVIDERS: 'electricity-maps,watttime,yearly-average', GRID_BACKFILL: 'yes' },
      ...{ WATTTIME_URL: wattTime.url, WATTTIME_USERNAME: 'grid-reader', WATTTIME_PASSWORD: 'wt-pass-5e1d90' },
    });

    await poll();
    await clock.advance(10 * MINUTE);
    await poll();
    const once = asked(wattTime, '/v3/historical');
    await clock.advance(60 * MINUTE);
    await poll();

    expect(document().regions['US-CAL-CISO']).toMatchObject({ provider: 'electricity-maps', signal: 'average' });
    const marginal = stored.filter(({ signal }) => signal === 'marginal');
    expect(marginal.every(({ provider, hour }) => provider === 'watttime' && hour < clock.now())).toBe(true);
    expect(new Set(marginal.map(({ hour }) => hour))).toContain(NOON - 60 * MINUTE);
    // Not again before the hour is over.
    expect([once, asked(wattTime, '/v3/historical')]).toEqual([1, 2]);
  });

  it('serves zones in turn when the budget does not last for all', async () => {
    double.access = undefined;
    const codes = Array.from({ length: 12 }, (_, index) => `FR-Z${index}`);
    for (const code of codes) double.values.set(code, 50);
    const { poll } = await start({
      ZONES: codes.join(','),
      CACHE_TTL_MINUTES: '180',
      ELECTRICITY_MAPS_REQUESTS_PER_HOUR: '12',
      GRID_PROVIDERS: 'electricity-maps',
    });

    for (let turn = 0; turn < 12; turn++) {
      await poll();
      await clock.advance(10 * MINUTE);
    }

    expect(Object.keys(document().regions)).toHaveLength(12);
    expect(double.requests.length).toBeLessThanOrEqual(24);
  });

  it('says nothing when it is stopped while a provider takes its time', async () => {
    let asked = 0;
    await using silent = await listen(() => void asked++, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${silent.port}/v4`;
    const cycles = await start({ ELECTRICITY_MAPS_URL: url, GRID_TIMEOUT_SECONDS: '20' });
    const stop = new AbortController();
    const running = cycles.poll(stop.signal);
    await expect.poll(() => asked).toBeGreaterThan(0);

    stop.abort();
    await running;

    expect(cycles.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});
