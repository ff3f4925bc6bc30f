import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { createProviderClient } from '../../../../poller/grid/provider-client.ts';
import { fetchOpenMeteo } from '../../../../poller/grid/weather/open-meteo.ts';
import { cut } from '../../../../shared/forecast/series.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { type OpenMeteoDouble, startOpenMeteo } from '../../../doubles/open-meteo.ts';
import { FakeClock } from '../../../fake-clock.ts';

const NOW = Date.parse('2026-03-10T12:20:00Z');
const NOON = Date.parse('2026-03-10T12:00:00Z');
const north = { latitude: 54, longitude: 9, weight: 3 };
const south = { latitude: 48, longitude: 11, weight: 1 };
const clock = new FakeClock('2026-03-10T12:20:00Z');
let double: OpenMeteoDouble;

beforeEach(async () => {
  double = await startOpenMeteo();
  double.now = () => NOW;
});
afterEach(() => double[Symbol.asyncDispose]());

function fetched(more: { points?: (typeof north)[]; pastDays?: number; apiKey?: string } = {}) {
  const client = createProviderClient({
    provider: 'open-meteo',
    requestsPerHour: 100,
    concurrency: 1,
    timeoutMs: 5_000,
    secrets: more.apiKey ? [more.apiKey] : [],
    clock,
  });
  const { points = [north, south], pastDays = 92, apiKey } = more;
  const signal = new AbortController().signal;
  return fetchOpenMeteo(client, { baseUrl: double.url, apiKey }, { zone: zone('DE'), points, pastDays, signal });
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ProviderError) => error,
  );

describe('fetchOpenMeteo', () => {
  it('has 92 days behind and three ahead, in m/s and °C, weighted over the points', async () => {
    double.weatherAt = (variable, latitude) => (variable.startsWith('wind') ? latitude / 6 : 10);

    const { byLead } = await fetched();

    const [{ wind, temperature }] = byLead;
    expect(wind.start).toBe(Date.parse('2025-12-08T00:00:00Z'));
    expect(wind.values).toHaveLength(96 * 24);
    expect(cut(wind, NOON + 72 * HOUR_MS, 1)[0]).toBeCloseTo((3 * 9 + 1 * 8) / 4, 2);
    expect(cut(temperature, NOON, 1)[0]).toBe(10);
    expect(byLead).toHaveLength(4);
    expect(double.requests).toHaveLength(1);
  });

  it('keeps what was forecast one to three days before apart', async () => {
    double.weatherAt = (variable, _, __, lead) => (variable.startsWith('wind') ? 8 + lead : 10);

    const { byLead } = await fetched();

    expect(byLead.map(({ wind }) => cut(wind, NOON, 1)[0])).toEqual([8, 9, 10, 11]);
  });

  it('takes radiation for the hour that it is the mean of, which ends with its time stamp', async () => {
    double.weatherAt = (variable, _, time) => (variable === 'shortwave_radiation' && time === NOON ? 500 : 0);

    const { radiation } = (await fetched()).byLead[0];

    expect([...cut(radiation, NOON - HOUR_MS, 2)]).toEqual([500, 0]);
  });

  it('reads one point as it reads several', async () => {
    const { byLead } = await fetched({ points: [south], pastDays: 5 });

    expect(cut(byLead[0].wind, NOON, 1)[0]).toBe(8);
  });

  it('takes the wind at 80 m where a weather model has none at 120 m, and leaves out leads that the service does not keep', async () => {
    double.weatherAt = (variable, _, __, lead) =>
      variable === 'wind_speed_120m' || lead > 1 ? undefined : variable === 'wind_speed_80m' ? 7 : 10;

    const { byLead } = await fetched();

    expect(byLead).toHaveLength(2);
    expect(cut(byLead[0].wind, NOON, 1)[0]).toBe(7);
  });

  it('has an unknown hour where one of the points is unknown', async () => {
    double.weatherAt = (_, latitude, time) => (latitude === 48 && time === NOON ? undefined : 5);

    const { wind } = (await fetched()).byLead[0];

    expect([...cut(wind, NOON - HOUR_MS, 3)]).toEqual([5, Number.NaN, 5]);
  });

  it('refuses values in other units than it requested', async () => {
    double.ignoresUnits = true;

    const error = await failure(fetched());

    expect([error?.reason, error?.failure.detail]).toEqual([
      'malformed',
      'hourly_units.wind_speed_120m: km/h instead of m/s',
    ]);
  });

  it('sends the key of a paid plan, and never shows it', async () => {
    double.apiKey = 'paid-key-123';

    const refused = await failure(fetched({ apiKey: 'wrong-key-456' }));

    expect((await fetched({ apiKey: 'paid-key-123' })).byLead).toHaveLength(4);
    expect(refused?.message).toContain('The supplied API key is invalid');
    expect(refused?.message).not.toContain('wrong-key-456');
  });

  it.each([
    ['too-many', 'rate-limited', 'Minutely API request limit exceeded'],
    ['html-502', 'unavailable', '502 Bad Gateway'],
    ['truncated', 'unavailable', ''],
    ['error-in-200', 'malformed', 'something went wrong'],
  ] as const)('reports %s as %s', async (fault, reason, detail) => {
    double.faults.set('*', fault);

    const error = await failure(fetched());

    expect(error?.reason).toBe(reason);
    expect(error?.failure.detail).toContain(detail);
  });

  it("reports the service's own reason for a refusal", async () => {
    const error = await failure(fetched({ pastDays: 93 }));

    expect(error?.failure.detail).toContain('Past days is invalid. Allowed range 0 to 92');
  });
});
