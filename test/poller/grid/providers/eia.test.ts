import { beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { EIA_KEY, type EiaDouble } from '../../../doubles/eia.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { startProvider } from './start-provider.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

const live = () => new AbortController().signal;
const iso = (time = 0) => new Date(time).toISOString();
const ERCO = zone('US-TEX-ERCO');

describe('eia', () => {
  it('computes from fuels, leaves storage out, and skips the hour that lacks a fuel', async () => {
    await using started = await startProvider('EIA', clock, { ERCO: 415.5 });

    const sample = await started.provider.latest(ERCO, live());

    expect(sample).toMatchObject({ carbonIntensity: 415.5, estimationMethod: 'EIA_930_FUEL_MIX_IPCC_AR5' });
    expect(sample.energyMix).toEqual({ coal: 50, wind: 50 });
    // Two hours late and one incomplete; stamps are the ends of hours.
    expect(iso(sample.datetime)).toBe('2026-01-15T09:00:00.000Z');
  });

  it('reads its archive, oldest first', async () => {
    await using started = await startProvider('EIA', clock, { ERCO: 415.5 });

    const past = (await started.provider.history?.(ERCO, live(), clock.now() - 28 * 24 * HOUR_MS)) ?? [];

    expect(past.length).toBeGreaterThan(28 * 24 - 6);
    expect(past[0]?.datetime).toBeLessThan(past.at(-1)?.datetime ?? 0);
  });

  it('drops rows whose time or amount is absurd, and keeps the others', async () => {
    await using started = await startProvider<EiaDouble>('EIA', clock, { ERCO: 415.5 });
    const row = (period: string, value: unknown) => ({ period, respondent: 'ERCO', fueltype: 'COL', value });
    started.double.more = [
      row('2026-02-30T05', '7'),
      row('2026-01-15T25', '7'),
      row('9999-12-31T23', '7'),
      row('0001-01-01T00', '7'),
      row('2026-01-15T10', '9'.repeat(400)),
      row('2026-01-15T10', 'NaN'),
    ];

    const sample = await started.provider.latest(ERCO, live());
    const past = (await started.provider.history?.(ERCO, live())) ?? [];

    expect([iso(sample.datetime), sample.carbonIntensity]).toEqual(['2026-01-15T09:00:00.000Z', 415.5]);
    expect(
      past.filter(({ datetime }) => !(datetime > clock.now() - 8 * 24 * HOUR_MS && datetime < clock.now())),
    ).toEqual([]);
    expect(await started.issues('malformed')).toBe(8);
  });

  it('counts a fuel code that the service has added, and warns of it once', async () => {
    await using started = await startProvider('EIA', clock, { PJM: 415.5 });

    const sample = await started.provider.latest(zone('US-MIDA-PJM'), live());
    await clock.advance(10 * 60_000);
    await started.provider.latest(zone('US-MIDA-PJM'), live());

    expect(sample.carbonIntensity).toBeCloseTo(415.5, 0);
    expect(await started.issues('unknown-code')).toBeGreaterThan(0);
    expect(started.log.at('warn').map(({ fields }) => fields.code)).toEqual(['GRID_CODE_UNKNOWN']);
  });

  it('sends DEMO_KEY no more than its fifty requests a day', async () => {
    await using started = await startProvider('EIA', clock, { ERCO: 415.5 }, { EIA_API_KEY: 'DEMO_KEY' });

    for (let turn = 0; turn < 24 * 12; turn++) {
      await started.provider.latest(ERCO, live()).catch(() => undefined);
      await clock.advance(5 * 60_000);
    }

    expect(EIA_KEY).not.toBe('DEMO_KEY');
    expect(started.double.requests.length).toBeLessThanOrEqual(50);
  });
});
