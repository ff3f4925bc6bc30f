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
      ...['source', 'data_quality', 'confidence_score', 'metadata', 'created_at', 'updated_at', 'id', 'zone'],
    ]);
    const definitions = indexes.map(({ indexdef }) => indexdef).join('\n');
    expect(definitions).toMatch(/UNIQUE INDEX \S+ ON public.co2e_emissions USING btree \(region, "timestamp"\)/);
    expect(definitions).toMatch(/\(region, "timestamp" DESC\)/);
    expect(definitions).toMatch(/WHERE \(gco2_per_kwh > \(400\)/);
    expect(definitions).toMatch(/WHERE \(gco2_per_kwh < \(100\)/);
    expect(definitions).toMatch(/USING gin \(metadata\)/);
  });

  it('has decimal columns of the sizes that clients know', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    await store.zones();

    const columns = await query(
      dsn,
      `SELECT column_name AS name, numeric_precision AS digits, numeric_scale AS places FROM information_schema.columns
       WHERE table_name = 'co2e_emissions' AND data_type = 'numeric' AND column_name !~ 'mix_[^s]' ORDER BY 1`,
    );

    expect(columns).toEqual([
      { name: 'confidence_score', digits: 3, places: 2 },
      { name: 'energy_mix_solar', digits: 5, places: 2 },
      { name: 'gco2_per_kwh', digits: 10, places: 4 },
    ]);
  });

  it('has a row for each name that the user gave a zone, and the program reads each hour once', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    const named = { ...intensity('US-MIDA-PJM', NOW, 400), regionNames: ['us-east-1', 'US-VA'] };
    await store.record([named, { ...named, signal: 'marginal' }, intensity('DE', NOW, 300)]);

    const rows = await query(dsn, 'SELECT region, zone FROM co2e_emissions ORDER BY region COLLATE "C"');

    expect(rows).toEqual([
      { region: 'DE', zone: 'DE' },
      { region: 'US-VA', zone: 'US-MIDA-PJM' },
      { region: 'us-east-1', zone: 'US-MIDA-PJM' },
    ]);
    expect(await store.zones()).toEqual(['DE', 'US-MIDA-PJM']);
    expect(await store.intensities([zone('US-MIDA-PJM')], { from: NOW, to: NOW + 1 })).toEqual([
      intensity('US-MIDA-PJM', NOW, 400),
      { ...intensity('US-MIDA-PJM', NOW, 400), signal: 'marginal' },
    ]);
  });

  it('gives a new name the history of its zone, and rows that people wrote under the name the zone', async () => {
    const dsn = await server().database();
    await using before = openTimescaleWriter(dsn, 90);
    await before.record([
      intensity('US-MIDA-PJM', NOW - 2 * HOUR_MS, 380),
      intensity('US-MIDA-PJM', NOW - HOUR_MS, 390),
    ]);
    const insert = `INSERT INTO co2e_emissions (region, "timestamp", gCO2_per_kWh, source, data_quality)
      VALUES ('us-east-1', $1, 370, 'imported', 'historical')`;
    await query(dsn, insert, [new Date(NOW - 3 * HOUR_MS)]);

    await using store = openTimescaleWriter(dsn, 90);
    await store.record([{ ...intensity('US-MIDA-PJM', NOW, 400), regionNames: ['us-east-1'] }]);
    await query(dsn, insert, [new Date(NOW - 4 * HOUR_MS)]);

    const grams = await query(
      dsn,
      `SELECT gCO2_per_kWh::float8 AS g FROM co2e_emissions WHERE region = 'us-east-1' AND zone = 'US-MIDA-PJM' ORDER BY "timestamp"`,
    );
    const found = await store.intensities([zone('US-MIDA-PJM')], { from: NOW - 9 * HOUR_MS, to: NOW + 1 });

    expect(grams.map(({ g }) => g)).toEqual([370, 370, 380, 390, 400]);
    expect(found.map(({ carbonIntensity }) => carbonIntensity)).toEqual([370, 370, 380, 390, 400]);
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
      'SELECT region, gCO2_per_kWh::float8 AS grams FROM v_latest_co2e_by_region ORDER BY region',
    );
    const hours = await query(
      dsn,
      "SELECT avg_gCO2_per_kWh::float8 AS grams FROM v_co2e_24h_hourly_avg WHERE region = 'FR' ORDER BY hour",
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
      'gCO2_per_kWh::float8 AS grams, data_quality, confidence_score::float8 AS score, updated_at > created_at AS revised';
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
