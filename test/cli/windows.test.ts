import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone, isDay } from './history.ts';
import { NOW, run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path };

beforeAll(async () => {
  await using store = openSqliteWriter(folder.path);
  const newest = hourOf(Date.parse(NOW)) - HOUR_MS;
  const hours = Array.from({ length: 28 * 24 }, (_, index) => newest - index * HOUR_MS);
  await store.record(hours.map((hour) => hourOfZone('DE', hour, isDay(hour) ? 500 : 100)));
});
afterAll(() => folder[Symbol.dispose]());

describe('carbon windows without a forecast in the cache file', () => {
  it('looks ahead with our own forecast of the history, and names it', async () => {
    const ran = await run(['windows', '--zone', 'DE', '--hours', '6', '--json'], env);

    const { ahead } = JSON.parse(ran.out);
    expect(ran.code).toBe(0);
    expect(ahead.source).toBe('forecast from the recorded history');
    expect(ahead.windows[0].avg_gCO2_per_kWh).toBeCloseTo(100, 0);
    for (const { from, to } of ahead.windows) {
      expect(isDay(Date.parse(from))).toBe(false);
      expect(isDay(Date.parse(to) - HOUR_MS)).toBe(false);
    }
  });

  it('takes a cloud region for its zone', async () => {
    const ran = await run(['windows', '--zone', 'aws/eu-central-1', '--json'], env);

    expect(JSON.parse(ran.out).zone).toBe('DE');
  });
});
