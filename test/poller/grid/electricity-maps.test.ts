import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { electricityMaps } from '../../../poller/grid/electricity-maps.ts';
import type { ProviderError, ProviderFault } from '../../../poller/grid/provider.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { zone } from '../../../shared/zones.ts';
import {
  type Behaviour,
  type ElectricityMapsDouble,
  GOOD_KEY,
  startElectricityMaps,
} from '../../doubles/electricity-maps.ts';

let double: ElectricityMapsDouble;

beforeAll(async () => {
  double = await startElectricityMaps();
});

beforeEach(() => {
  double.zones.clear();
  double.requests.length = 0;
});

afterAll(() => double[Symbol.asyncDispose]());

const provider = (apiKey = GOOD_KEY) =>
  electricityMaps({ baseUrl: double.url, apiKey, timeoutMs: 300, clock: systemClock });
const latest = (code: string, apiKey?: string) => provider(apiKey).latest(zone(code), new AbortController().signal);
const failure = async (code: string, apiKey?: string) =>
  ((await latest(code, apiKey).catch((error) => error)) as ProviderError).failure;

describe('electricityMaps', () => {
  it('reads the value of the hour with its provenance', async () => {
    double.zones.set('FR', 42);
    double.now = () => Date.parse('2026-01-01T12:34:00Z');

    const reading = await latest('FR');

    expect(reading).toMatchObject({
      zone: 'FR',
      carbonIntensity: 42,
      provider: 'electricity-maps',
      signal: 'average',
      quality: 'estimated',
    });
    expect(new Date(reading.datetime).toISOString()).toBe('2026-01-01T12:00:00.000Z');
    expect(reading.updatedAt).toBeLessThan(reading.datetime);
  });

  it('asks under the version in the base address and forbids the look-up of the caller', async () => {
    double.zones.set('FR', 42);

    await latest('FR');

    expect(double.requests).toEqual(['/v4/carbon-intensity/latest?zone=FR&disableCallerLookup=true']);
  });

  it.each<[Behaviour, ProviderFault, number | undefined]>([
    ['not-in-plan', 'not-covered', 401],
    ['over-rate', 'rate-limited', 401],
    ['no-recent-data', 'no-data', 404],
    ['error-in-200', 'no-data', 200],
    ['null-value', 'malformed', undefined],
    ['wrong-zone', 'malformed', undefined],
    ['html-502', 'unavailable', 502],
    ['error-500', 'unavailable', 500],
    ['rate-limited', 'rate-limited', 429],
    ['bad-request', 'malformed', 400],
    ['truncated', 'unavailable', undefined],
    ['oversized', 'malformed', undefined],
    ['silent', 'unavailable', undefined],
    ['endless', 'unavailable', undefined],
  ])('takes %s for %s', async (behaviour, fault, status) => {
    double.zones.set('DE', behaviour);

    expect(await failure('DE')).toMatchObject({
      provider: 'electricity-maps',
      zone: 'DE',
      fault,
      ...(status && { status }),
    });
  });

  it('tells a bad key from a plan without the zone, and never repeats the key', async () => {
    double.zones.set('DE', 300);

    const told = await failure('DE', 'wrong-key-0000');

    expect(told.fault).toBe('auth');
    expect(JSON.stringify(told)).not.toContain('wrong-key-0000');
  });

  it.each([
    ['120', 120_000],
    ['-5', undefined],
    ['86400', 900_000],
  ])('reads Retry-After %s as %s ms', async (retryAfter, expected) => {
    double.zones.set('DE', { retryAfter });

    expect((await failure('DE')).retryAfterMs).toBe(expected);
  });

  it('reads Retry-After as a date', async () => {
    double.zones.set('DE', { retryAfter: new Date(Date.now() + 60_000).toUTCString() });

    const { retryAfterMs } = await failure('DE');

    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});
