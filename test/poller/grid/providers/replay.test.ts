import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { ROOT } from '../../../laws/sources.ts';
import { openSqliteWriter } from '../../../shared/store/opened-parts.ts';
import { startPollCycles } from '../poll-cycles.ts';

const NOW = Date.parse('2026-05-04T09:20:00Z');

describe('a replayed grid', () => {
  it('begins with four weeks of history and a forecast made of it, all of it called simulated', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'replay-'));
    const config = loadConfig('poller', pollerConfigSchema, {
      DATA_DIR: folder,
      CACHE_FILE: join(folder, 'cache.json'),
      GRID_PROVIDERS: 'replay',
      REPLAY_TRACE: join(ROOT, 'shared/data/trace-2021.csv.gz'),
      ZONES: 'DE,PL',
    });
    await using store = openSqliteWriter(folder);
    const cycles = await startPollCycles(config, new FakeClock(NOW), { store });

    await cycles.poll();

    const rows = await store.intensities([zone('DE')], { from: NOW - 60 * 24 * HOUR_MS, to: NOW });
    const { regions } = JSON.parse(readFileSync(config.CACHE_FILE, 'utf8'));
    expect(rows).toHaveLength(28 * 24 + 1);
    expect(new Set(rows.map(({ quality }) => quality))).toEqual(new Set(['simulated']));
    expect(regions.DE.forecast.length).toBeGreaterThan(48);
    expect(regions.DE.forecastSource).toBe('history');
  });
});
