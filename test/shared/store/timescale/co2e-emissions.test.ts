// Flow: the tables and views of document 002 in PostgreSQL.

import { expect, it } from 'vitest';
import type { HourlyIntensity, Quality } from '../../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';
import { openTimescaleWriter } from '../opened-parts.ts';

const NOW = hourOf(Date.now());

function intensity(code: string, hour: number, value: number, quality: Quality = 'measured'): HourlyIntensity {
  return { zone: zone(code), hour, carbonIntensity: gramsPerKwh(value), provider: 'p', signal: 'average', quality };
}

describeDatabases('the table co2e_emissions', (_name, server) => {
  it('has the columns, the key and the indexes that users rely on', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    await store.zones();

    const columns = await query(
      dsn,
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'co2e_emissions' ORDER BY ordinal_position",
    );
    const indexes = await query(dsn, "SELECT indexdef FROM pg_indexes WHERE tablename = 'co2e_emissions'");

    const sources = ['solar', 'wind', 'hydro', 'nuclear', 'coal', 'gas', 'oil', 'other'];
    expect(columns.map(({ name }) => name)).toEqual([
      ...['region', 'timestamp', 'gco2_per_kwh', ...sources.map((source) => `energy_mix_${source}`)],
      ...['source', 'data_quality', 'confidence_score', 'metadata', 'created_at', 'updated_at', 'id'],
    ]);
    const definitions = indexes.map(({ indexdef }) => indexdef).join('\n');
    expect(definitions).toMatch(/UNIQUE INDEX \S+ ON public.co2e_emissions USING btree \(region, "timestamp"\)/);
    expect(definitions).toMatch(/\(region, "timestamp" DESC\)/);
    expect(definitions).toMatch(/WHERE \(gco2_per_kwh > \(400\)/);
    expect(definitions).toMatch(/WHERE \(gco2_per_kwh < \(100\)/);
    expect(definitions).toMatch(/USING gin \(metadata\)/);
  });

  it('shows the newest known hour, the means of the last day and the clean windows', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    await store.record([
      intensity('FR', NOW - 3 * HOUR_MS, 60),
      intensity('FR', NOW - 2 * HOUR_MS, 50),
      intensity('FR', NOW - HOUR_MS, 130),
      intensity('FR', NOW, 40),
      intensity('FR', NOW + HOUR_MS, 30, 'forecast'),
      intensity('DE', NOW - HOUR_MS, 300),
      { ...intensity('DE', NOW, 900), signal: 'marginal' },
    ]);

    const latest = await query(
      dsn,
      'SELECT region, gCO2_per_kWh AS grams FROM v_latest_co2e_by_region ORDER BY region',
    );
    const hours = await query(
      dsn,
      "SELECT avg_gCO2_per_kWh AS grams FROM v_co2e_24h_hourly_avg WHERE region = 'FR' ORDER BY hour",
    );
    const windows = await query(
      dsn,
      'SELECT region, window_start, window_end, hours::integer FROM v_clean_energy_windows ORDER BY window_start',
    );

    expect(latest).toEqual([
      { region: 'DE', grams: 300 },
      { region: 'FR', grams: 40 },
    ]);
    expect(hours.map(({ grams }) => grams)).toEqual([60, 50, 130, 40]);
    expect(windows).toEqual([
      { region: 'FR', window_start: new Date(NOW - 3 * HOUR_MS), window_end: new Date(NOW - HOUR_MS), hours: 2 },
      { region: 'FR', window_start: new Date(NOW), window_end: new Date(NOW + 2 * HOUR_MS), hours: 2 },
    ]);
  });

  it('lets a measurement take the place of a forecast, and says so in the row', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    const columns =
      'gCO2_per_kWh AS grams, data_quality, confidence_score AS score, updated_at > created_at AS revised';
    await store.record([intensity('FR', NOW, 45, 'forecast')]);
    const [forecast] = await query(dsn, `SELECT ${columns} FROM co2e_emissions`);

    await store.record([intensity('FR', NOW, 40)]);
    await store.record([intensity('FR', NOW, 70, 'estimated')]);

    const [row] = await query(dsn, `SELECT ${columns} FROM co2e_emissions`);
    expect(forecast).toEqual({ grams: 45, data_quality: 'forecast', score: 0.6, revised: false });
    expect(row).toEqual({ grams: 40, data_quality: 'real_time', score: 1, revised: true });
  });

  it('forgets old hours, by the function and by the retention task', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    const ages = [0, 50, 100];
    await store.record(ages.map((days) => intensity('FR', NOW - days * 24 * HOUR_MS, 40)));

    const [removed] = await query(dsn, 'SELECT cleanup_old_co2e_data()::integer AS rows');
    await store.forgetBefore(NOW - 10 * 24 * HOUR_MS);

    expect(removed).toEqual({ rows: 1 });
    expect(await query(dsn, 'SELECT "timestamp" AS at FROM co2e_emissions')).toEqual([{ at: new Date(NOW) }]);
  });

  it('reads rows that people wrote themselves', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    await store.zones();
    await query(
      dsn,
      `INSERT INTO co2e_emissions (region, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score)
       VALUES ('FR', $1, 55, 'mine', 'historical', 0.5)`,
      [new Date(NOW)],
    );

    const [found] = await store.intensities([zone('FR')], { from: NOW, to: NOW + 1 });

    expect(found).toMatchObject({ carbonIntensity: 55, provider: 'mine', quality: 'estimated' });
  });
});
