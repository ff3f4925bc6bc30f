import { beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { startProvider } from './start-provider.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

const live = () => new AbortController().signal;
const iso = (time = 0) => new Date(time).toISOString();

describe('energinet', () => {
  it('serves both areas, latest and past, with one request for more than a poll interval', async () => {
    await using started = await startProvider('Energinet', clock, { DK1: 88 }, { GRID_TIMEOUT_SECONDS: '10' });
    const { double, provider } = started;

    const west = await provider.latest(zone('DK-DK1'), live());
    const east = await provider.latest(zone('DK-DK2'), live());
    const past = await provider.history?.(zone('DK-DK2'), live());
    await clock.advance(5 * 60_000);
    await provider.latest(zone('DK-DK1'), live());
    const inOneInterval = double.requests.length;
    await clock.advance(2 * 60_000);
    await provider.latest(zone('DK-DK1'), live());

    expect([west.carbonIntensity, east.carbonIntensity, past?.length]).toEqual([88, 61, 25]);
    expect([inOneInterval, double.requests.length]).toEqual([1, 2]);
  });

  it('reads its times as UTC', async () => {
    await using started = await startProvider('Energinet', clock, { DK1: 88 }, { GRID_TIMEOUT_SECONDS: '10' });

    const sample = await started.provider.latest(zone('DK-DK1'), live());

    expect(iso(sample.datetime)).toBe('2026-01-15T12:10:00.000Z');
  });

  it('forecasts from now on as far as the service does, without leaving out the nearest hours', async () => {
    await using started = await startProvider('Energinet', clock, { DK1: 88 }, { GRID_TIMEOUT_SECONDS: '10' });

    const ahead = (await started.provider.forecast?.(zone('DK-DK1'), live())) ?? [];

    const hours = ahead.map(({ datetime }) => datetime).filter((hour) => hour >= Date.parse('2026-01-15T12:00Z'));
    expect(iso(hours[0])).toBe('2026-01-15T12:00:00.000Z');
    expect(hours).toHaveLength(31);
    expect(started.double.requests[0]?.path).toContain('timezone=UTC');
  });

  it('reads its archive for both areas with one request', async () => {
    await using started = await startProvider('Energinet', clock, { DK1: 88 }, { GRID_TIMEOUT_SECONDS: '10' });
    const from = clock.now() - 28 * 24 * HOUR_MS;

    const west = (await started.provider.history?.(zone('DK-DK1'), live(), from)) ?? [];
    const east = (await started.provider.history?.(zone('DK-DK2'), live(), from)) ?? [];

    expect(Math.min(west.length, east.length)).toBeGreaterThanOrEqual(28 * 24);
    expect(iso(west[0]?.datetime)).toBe('2025-12-18T00:00:00.000Z');
    expect(started.double.requests).toHaveLength(1);
  });

  it('keeps one area when a record of the other is damaged', async () => {
    await using started = await startProvider('Energinet', clock, { DK1: 88 }, { GRID_TIMEOUT_SECONDS: '10' });
    started.double.faults.set('DK2', 'null-value');

    const sample = await started.provider.latest(zone('DK-DK1'), live());

    expect(sample.carbonIntensity).toBe(88);
  });
});
