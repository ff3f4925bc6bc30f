import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCacheWriter } from '../../../poller/grid/cache-writer.ts';
import { electricityMaps } from '../../../poller/grid/electricity-maps.ts';
import { type PollOptions, pollOnce } from '../../../poller/grid/poll.ts';
import { yearlyAverage } from '../../../poller/grid/yearly-average.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import type { HourlyIntensity } from '../../../shared/intensity.ts';
import { zone } from '../../../shared/zones.ts';
import { capturedLog } from '../../captured-log.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../../doubles/electricity-maps.ts';
import { FakeClock } from '../../fake-clock.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

let folder: string;
let double: ElectricityMapsDouble;
let clock: FakeClock;
let stored: HourlyIntensity[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'poll-'));
  double = await startElectricityMaps({ FR: 42, DE: 300 });
  clock = new FakeClock(NOON);
  double.now = () => clock.now();
  stored = [];
});

afterEach(async () => {
  await double[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, 'carbon_cache.json');
const document = () => JSON.parse(readFileSync(file(), 'utf8'));

async function options(
  codes: string[],
  apiKey = GOOD_KEY,
): Promise<PollOptions & { logger: ReturnType<typeof capturedLog> }> {
  const zones = codes.map(zone);
  return {
    zones,
    providers: [electricityMaps({ baseUrl: double.url, apiKey, timeoutMs: 300, clock }), yearlyAverage(clock)],
    cache: await openCacheWriter(file(), 10, zones, clock),
    store: { record: async (readings) => void stored.push(...readings) },
    metrics: createPollerMetrics(),
    logger: capturedLog(),
    clock,
    concurrency: 2,
    attempts: 1,
    backoffMs: 1,
    longestPauseMs: 10,
  };
}

const round = (of: PollOptions) => pollOnce(of, new AbortController().signal);

describe('pollOnce', () => {
  it('writes the document of the contract, cleanest zone first', async () => {
    await round(await options(['DE', 'FR']));

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

  it('keeps the last good reading of a zone that fails with its old time, and drops it after the TTL', async () => {
    const poll = await options(['DE', 'FR']);
    await round(poll);
    double.zones.set('DE', 'html-502');
    await clock.advance(10 * MINUTE);

    await round(poll);
    const kept = document();
    await clock.advance(1);
    await round(poll);

    expect(kept.regions.DE).toMatchObject({ carbonIntensity: 300, timestamp: '2026-01-01T12:00:00.000Z' });
    expect(kept.regions.FR.timestamp).toBe('2026-01-01T12:10:00.000Z');
    expect(Object.keys(document().regions)).toEqual(['FR']);
  });

  it('writes nothing and leaves the old document when nothing is known any more', async () => {
    const poll = await options(['DE', 'FR']);
    await round(poll);
    const before = readFileSync(file(), 'utf8');
    double.zones.set('DE', 'error-500').set('FR', 'silent');
    await clock.advance(11 * MINUTE);

    await round(poll);

    expect(readFileSync(file(), 'utf8')).toBe(before);
    expect(poll.logger.at('error')).toHaveLength(1);
  });

  it('takes over readings that are still good after a restart', async () => {
    await round(await options(['DE', 'FR']));
    double.zones.set('DE', 'error-500');
    await clock.advance(2 * MINUTE);

    await round(await options(['DE', 'FR']));

    expect(document().regions.DE.timestamp).toBe('2026-01-01T12:00:00.000Z');
  });

  it('gives a yearly average only to a zone that the plan does not cover, and says so', async () => {
    double.zones.set('DE', 'not-in-plan').set('FR', 'error-500');

    await round(await options(['DE', 'FR']));

    expect(Object.keys(document().regions)).toEqual(['DE']);
    expect(document().regions.DE).toMatchObject({
      provider: 'yearly-average',
      quality: 'yearly-average',
      isEstimated: true,
    });
    expect(document().regions.DE.datetime).toMatch(/^20\d\d-01-01T00:00:00.000Z$/);
  });

  it.each(['stale', 'future'] as const)('does not take a %s value', async (behaviour) => {
    double.zones.set('DE', behaviour);

    await round(await options(['DE', 'FR']));

    expect(Object.keys(document().regions)).toEqual(['FR']);
  });

  it('stores hourly readings, but no yearly average', async () => {
    double.zones.set('DE', 'not-in-plan');

    await round(await options(['DE', 'FR']));

    expect(stored).toEqual([
      {
        zone: 'FR',
        hour: NOON,
        carbonIntensity: 42,
        provider: 'electricity-maps',
        signal: 'average',
        quality: 'estimated',
      },
    ]);
  });

  it('tries again what may pass, waiting as the provider asks, but never longer than the round allows', async () => {
    double.zones.set('DE', 'error-500').set('FR', { retryAfter: '120' });
    const poll = {
      ...(await options(['DE', 'FR'])),
      attempts: 3,
      clock: { ...clockOf(clock), sleep: async () => undefined },
    };

    await round(poll);

    const asked = (code: string) => double.requests.filter((path) => path.includes(`zone=${code}&`)).length;
    expect({ DE: asked('DE'), FR: asked('FR') }).toEqual({ DE: 3, FR: 1 });
  });

  it('never logs the key', async () => {
    const poll = await options(['DE', 'FR'], 'secret-key-123');

    await round(poll);

    expect(poll.logger.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(poll.logger.lines)).not.toContain('secret-key-123');
  });
});

function clockOf(fake: FakeClock) {
  return { now: () => fake.now(), monotonic: () => fake.monotonic() };
}
