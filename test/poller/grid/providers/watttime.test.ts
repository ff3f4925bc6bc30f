import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { startWattTime, type WattTimeDouble } from '../../../doubles/watttime.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { providerOf, SUBJECTS } from './subjects.ts';

const found = SUBJECTS.find(({ provider }) => provider === 'watttime');
if (!found) throw new Error('no subject');
const subject = found;

let double: WattTimeDouble;
let clock: FakeClock;

beforeEach(async () => {
  double = await startWattTime({ CAISO_NORTH: 394.63, PJM_DC: 410 });
  clock = new FakeClock('2026-01-15T12:12:00Z');
  double.now = () => clock.now();
});

afterEach(() => double[Symbol.asyncDispose]());

const live = () => new AbortController().signal;
const CISO = zone('US-CAL-CISO');
const make = (more = {}) => providerOf(subject, double.url, clock, more);
const failureOf = async (answer: Promise<unknown>) => ((await answer.catch((error) => error)) as ProviderError).failure;
const paths = () => double.requests.map(({ path }) => path.split('?')[0]);

describe('wattTime', () => {
  it('logs in outside /v3 and turns pounds per megawatt-hour into grams per kilowatt-hour', async () => {
    const sample = await make().latest(CISO, live());

    expect(paths()).toEqual(['/login', '/v3/historical']);
    expect(sample).toMatchObject({ carbonIntensity: 394.63, signal: 'marginal', emissionFactorType: 'direct' });
  });

  it('marks a value as a forecast when the past two hours are empty', async () => {
    double.hasHistory = false;

    const sample = await make().latest(CISO, live());

    expect(sample).toMatchObject({ quality: 'forecast', carbonIntensity: 394.63 });
    expect(new Date(sample.datetime).toISOString()).toBe('2026-01-15T12:10:00.000Z');
  });

  it('labels co2_aoer as average', async () => {
    const sample = await make({ WATTTIME_SIGNAL: 'co2_aoer' }).latest(CISO, live());

    expect(sample.signal).toBe('average');
  });

  it('never asks for the percentile', async () => {
    const provider = make();

    await provider.latest(CISO, live());
    await provider.forecast?.(CISO, live());
    await provider.history?.(CISO, live());

    expect(paths()).not.toContain('/v3/signal-index');
  });

  it('logs in once for many questions at the same time, and again before the token ends', async () => {
    const provider = make();
    await Promise.all(Array.from({ length: 8 }, () => provider.latest(CISO, live())));
    const first = double.logins;

    await clock.advance(26 * 60_000);
    await Promise.all(Array.from({ length: 8 }, () => provider.latest(CISO, live())));

    expect([first, double.logins]).toEqual([1, 2]);
  });

  it('renews a token that the web server turns away with HTML, once', async () => {
    const provider = make();
    await provider.latest(CISO, live());
    double.revokeTokens();

    const sample = await provider.latest(CISO, live());

    expect(sample.carbonIntensity).toBe(394.63);
    expect(double.logins).toBe(2);
  });

  it('gives up after one renewal, and leaves the account alone for a while', async () => {
    const provider = make();
    double.faults.set('*', 'forbidden-html');

    const first = await failureOf(provider.latest(CISO, live()));
    const sent = double.requests.length;
    const second = await failureOf(provider.latest(CISO, live()));

    expect([first.reason, second.reason, double.logins]).toEqual(['auth', 'auth', 2]);
    expect(double.requests.length).toBe(sent);
  });

  it('takes a refusal in JSON for the plan, and does not log in again', async () => {
    double.faults.set('CAISO_NORTH', 'forbidden-json');

    const failure = await failureOf(make().latest(CISO, live()));

    expect([failure.reason, double.logins]).toEqual(['not-covered', 1]);
    expect(failure.detail).toContain('Invalid scope');
  });

  it('tells a wrong password as auth, without the password', async () => {
    const failure = await failureOf(make({ WATTTIME_PASSWORD: 'wrong-pass-77' }).latest(CISO, live()));

    expect(failure.reason).toBe('auth');
    expect(JSON.stringify(failure)).not.toContain('wrong-pass-77');
  });

  it('finds the region of a zone by its coordinates, once', async () => {
    const provider = make({ WATTTIME_REGIONS: 'US-MIDA-PJM:38.9/-77.0' });
    const place = zone('US-MIDA-PJM');

    await provider.latest(place, live());
    await provider.latest(place, live());

    expect(paths().filter((path) => path === '/v3/region-from-loc')).toHaveLength(1);
    expect(provider.covers(zone('US-AK'))).toBe(false);
  });

  it('finds the region of any zone with a cloud region by the place of that region', async () => {
    double.values.set('DE', 350);
    double.regionAt = (latitude, longitude) =>
      latitude > 47 && latitude < 55 && longitude > 6 && longitude < 15 ? 'DE' : undefined;
    const provider = make();

    const known = await provider.latest(zone('DE'), live());
    const unknown = await failureOf(provider.latest(zone('JP-TK'), live()));

    expect(known).toMatchObject({ zone: 'DE', carbonIntensity: 350, signal: 'marginal' });
    expect(unknown).toMatchObject({ reason: 'not-covered', zone: 'JP-TK' });
  });
});
