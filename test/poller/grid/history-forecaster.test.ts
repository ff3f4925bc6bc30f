import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { trackAccuracy } from '../../../poller/grid/accuracy.ts';
import { historyForecaster } from '../../../poller/grid/history-forecaster.ts';
import type { HourlyIntensity } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { temporaryFolder } from '../../extender/cache/cache-file.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const DE = zone('DE');
const LIVE = new AbortController().signal;

/** Days that are all alike: 300 at midnight, 100 at noon. */
function dayLike(hour: number, provider = 'test'): HourlyIntensity {
  const value = 200 + 100 * Math.cos((2 * Math.PI * (hour / HOUR_MS)) / 24);
  return { zone: DE, hour, carbonIntensity: gramsPerKwh(value), provider, signal: 'average', quality: 'measured' };
}

function hours(count: number, provider?: string): HourlyIntensity[] {
  return Array.from({ length: count }, (_, index) => dayLike(NOW - (index + 1) * HOUR_MS, provider)).reverse();
}

describe('the forecast from history', () => {
  it('tells the next three days from the store alone', async () => {
    await using folder = await temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    await store.record(hours(40 * 24));
    const forecaster = historyForecaster(store, [DE]);

    const points = await forecaster(DE, NOW, hours(24), LIVE);

    expect(points).toHaveLength(72);
    expect(points?.[0]?.carbonIntensity).toBeCloseTo(100, 0);
    expect(points?.[12]?.carbonIntensity).toBeCloseTo(300, 0);
  });

  it('has one as soon as most of a day is known, and none before', async () => {
    await using folder = await temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    await store.record(hours(19));
    const forecaster = historyForecaster(store, [DE]);

    expect(await forecaster(DE, NOW, hours(19), LIVE)).toBeUndefined();
    await store.record(hours(24));
    expect(await forecaster(DE, NOW + HOUR_MS, hours(24), LIVE)).toHaveLength(72);
  });

  it("keeps the shape of another provider's past at the level of the present one", async () => {
    await using folder = await temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    const half = (row: HourlyIntensity) => ({ ...row, carbonIntensity: gramsPerKwh(row.carbonIntensity / 2) });
    await store.record([
      ...hours(40 * 24, 'other')
        .slice(0, -1)
        .map(half),
      ...hours(1),
    ]);

    const points = await historyForecaster(store, [DE])(DE, NOW, hours(1), LIVE);

    expect(points).toHaveLength(72);
    expect(points?.[0]?.carbonIntensity).toBeCloseTo(100, -1);
    expect(points?.[12]?.carbonIntensity).toBeCloseTo(300, -1);
  });

  it('is judged by the samples that come, beside yesterday’s', async () => {
    const registry = new Registry();
    const accuracy = trackAccuracy(registry);
    const at = (hour: number) => NOW + hour * HOUR_MS;
    const wrongBy = 7;
    const points = [1, 2, 3].map((hour) => ({
      datetime: at(hour),
      carbonIntensity: gramsPerKwh(dayLike(at(hour)).carbonIntensity + wrongBy),
    }));
    accuracy.observe(DE, NOW, hours(48), [['test', points]]);

    const past = [...hours(48), ...[0, 1, 2, 3].map((hour) => dayLike(at(hour)))];
    accuracy.observe(DE, at(4), past, [['test', points]]);

    const text = await registry.metrics();
    expect(text).toContain('carbon_poller_forecast_error_grams_per_kwh{zone="DE",source="test",hours_ahead="3"} 7.0');
    expect(text).toMatch(/yesterday_error_grams_per_kwh\{zone="DE",source="test",hours_ahead="3"\} (0|\d\.\d+e-)/);
  });
});
