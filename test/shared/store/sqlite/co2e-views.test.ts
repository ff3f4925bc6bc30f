// Flow: the SQL views of the embedded store.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HourlyIntensity } from '../../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf, isoTime } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { openSqliteWriter } from '../opened-parts.ts';

let folder: string;
let prompt: DatabaseSync;
const hour = hourOf(Date.now());
const iso = (time: number) => isoTime(time).replace('.000Z', 'Z');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'views-'));
  await using store = openSqliteWriter(folder);
  await store.record([
    row('FR', 30, 420),
    row('FR', 2, 90, { energyMix: { wind: 60, nuclear: 40 } }),
    row('FR', 1, 80),
    row('FR', 0, 200, { quality: 'measured' }),
    row('FR', -1, 50, { quality: 'forecast', dataQuality: 'forecast' }),
    row('DE', 0, 300),
    row('DE', 0, 700, { signal: 'marginal' }),
  ]);
  const [file = ''] = readdirSync(folder).filter((name) => /\.(db|sqlite)$/.test(name));
  prompt = new DatabaseSync(join(folder, file), { readOnly: true });
});

afterEach(() => {
  prompt.close();
  rmSync(folder, { recursive: true });
});

function row(code: string, ago: number, value: number, more: Partial<HourlyIntensity> = {}): HourlyIntensity {
  return {
    zone: zone(code),
    hour: hour - ago * HOUR_MS,
    carbonIntensity: gramsPerKwh(value),
    provider: 'electricity-maps',
    signal: 'average',
    quality: 'estimated',
    ...more,
  };
}

describe('the views of the embedded store', () => {
  it('shows hours with source, quality, confidence and mix, and no marginal ones', () => {
    const all = prompt.prepare('SELECT * FROM co2e_emissions ORDER BY region, timestamp').all();

    expect(all).toHaveLength(6);
    expect(all.find(({ timestamp, region }) => region === 'FR' && timestamp === iso(hour - 2 * HOUR_MS))).toMatchObject(
      {
        gCO2_per_kWh: 90,
        energy_mix_wind: 60,
        energy_mix_nuclear: 40,
        energy_mix_coal: null,
        source: 'electricity_maps',
        data_quality: 'real_time',
        confidence_score: 0.8,
      },
    );
  });

  it('has a row for each name of a zone, and its code while it has none', async () => {
    {
      await using store = openSqliteWriter(folder);
      await store.record([row('DE', 0, 310, { regionNames: ['eu-central-1', 'Frankfurt'] })]);
    }

    const named = () => prompt.prepare("SELECT region FROM co2e_emissions WHERE zone = 'DE' ORDER BY region").all();
    const before = named();
    {
      await using store = openSqliteWriter(folder);
      await store.record([row('DE', 0, 310)]);
    }

    expect(before.map(({ region }) => region)).toEqual(['Frankfurt', 'eu-central-1']);
    expect(named().map(({ region }) => region)).toEqual(['DE', 'Frankfurt', 'eu-central-1']);
  });

  it('tells the newest hour of each region that is no forecast', () => {
    const latest = prompt.prepare('SELECT region, timestamp, gCO2_per_kWh FROM v_latest_co2e_by_region').all();

    expect(latest).toEqual([
      { region: 'DE', timestamp: iso(hour), gCO2_per_kWh: 300 },
      { region: 'FR', timestamp: iso(hour), gCO2_per_kWh: 200 },
    ]);
  });

  it('tells when an hour was first and last written', async () => {
    const before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    {
      await using store = openSqliteWriter(folder);
      await store.record([row('DE', 0, 310)]);
    }

    const rows = prompt.prepare('SELECT region, gCO2_per_kWh, updated_at FROM v_latest_co2e_by_region').all();
    const all = prompt.prepare('SELECT created_at, updated_at FROM co2e_emissions').all();

    const [de, fr] = rows.map(({ updated_at }) => Date.parse(String(updated_at)));
    expect(rows[0]).toMatchObject({ region: 'DE', gCO2_per_kWh: 310 });
    expect(de).toBeGreaterThan(before);
    expect(fr).toBeLessThanOrEqual(before);
    expect(all.filter(({ created_at, updated_at }) => String(created_at) < String(updated_at))).toHaveLength(1);
  });

  it('tells the last day hour by hour', () => {
    const rows = prompt
      .prepare("SELECT hour, avg_gCO2_per_kWh AS mean FROM v_co2e_24h_hourly_avg WHERE region = 'FR'")
      .all();

    expect(rows.map(({ mean }) => mean)).toEqual([90, 80, 200]);
  });

  it('tells runs of clean hours, forecast included', () => {
    const windows = prompt.prepare('SELECT * FROM v_clean_energy_windows ORDER BY window_start').all();

    expect(windows).toMatchObject([
      { region: 'FR', window_start: iso(hour - 2 * HOUR_MS), window_end: iso(hour), hours: 2, avg_gCO2_per_kWh: 85 },
      { region: 'FR', window_start: iso(hour + HOUR_MS), hours: 1, min_confidence_score: 0.6 },
    ]);
  });
});
