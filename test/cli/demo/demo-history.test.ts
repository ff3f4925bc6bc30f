import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seedHistory } from '../../../cli/demo/demo-history.ts';
import { writeDemoTrace } from '../../../cli/demo/demo-trace.ts';
import { parseTrace, replayedIntensity } from '../../../shared/grid/trace.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { ROOT } from '../../laws/sources.ts';
import { openSqliteDecisions, openSqliteReader } from '../../shared/store/opened-parts.ts';
import { temporaryFolder } from '../run.ts';

const NOW = Date.parse('2026-11-20T10:20:00Z');

describe('the history of the demo', () => {
  it('is four weeks of simulated energy and placements, written once', async () => {
    using folder = temporaryFolder();
    const { trace } = await writeDemoTrace(folder.path);

    await seedHistory(folder.path, trace, NOW);
    await using history = openSqliteReader(folder.path);
    const first = await history.totals();
    await seedHistory(folder.path, trace, NOW);

    const hours = await Array.fromAsync(history.hourly({}, { from: NOW - 29 * 24 * HOUR_MS, to: NOW }));
    expect((await history.totals()).blocks).toBe(first.blocks);
    expect(new Set(hours.map(({ hour }) => hour)).size).toBeGreaterThan(27 * 24);
    expect(new Set(hours.map(({ container }) => container.powerQuality))).toEqual(new Set(['simulated']));
    expect(hours.every(({ container }) => container.namespace.startsWith('simulated-'))).toBe(true);
  });

  it('lets jobs wait within their delay, and start in more than one zone', async () => {
    using folder = temporaryFolder();
    const { trace } = await writeDemoTrace(folder.path);
    await seedHistory(folder.path, trace, NOW);

    await using decisions = openSqliteDecisions(folder.path);
    const all = await Array.fromAsync(decisions.decisions({ from: 0, to: NOW }));
    const waited = all.filter(({ latestStart }) => latestStart !== null);

    expect(waited.length).toBeGreaterThan(100);
    for (const { releasedAt, latestStart, arrivedAt } of waited) {
      expect(releasedAt).toBeGreaterThanOrEqual(arrivedAt ?? Infinity);
      expect(releasedAt).toBeLessThanOrEqual(latestStart ?? 0);
    }
    expect(waited.filter(({ releasedAt, arrivedAt }) => releasedAt !== arrivedAt).length).toBeGreaterThan(20);
    expect(new Set(all.map((one) => one.zone)).size).toBeGreaterThan(1);
  });
});

describe('writeDemoTrace', () => {
  it('smooths the artefact of DE at midnight and changes no other zone', async () => {
    using folder = temporaryFolder();

    const { trace } = await writeDemoTrace(folder.path);
    const original = parseTrace(gunzipSync(readFileSync(join(ROOT, 'shared/data/trace-2021.csv.gz'))).toString());

    const at = (code: string, hour: number) => replayedIntensity(trace, zone(code), trace.start + hour * HOUR_MS) ?? 0;
    const midnight = 24 * 100;
    expect(at('DE', midnight)).toBeCloseTo((at('DE', midnight - 1) + at('DE', midnight + 1)) / 2, 6);
    const unchanged = (code: string) =>
      (original.zones.get(zone(code)) ?? []).toString() === trace.zones.get(zone(code))?.toString();
    expect(['PL', 'ES', 'NL'].map(unchanged)).toEqual([true, true, true]);
    expect(unchanged('DE')).toBe(false);
  });
});
