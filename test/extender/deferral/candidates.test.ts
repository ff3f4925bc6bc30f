import { describe, expect, it } from 'vitest';
import { forecastViewOf, type Places } from '../../../extender/deferral/candidates.ts';
import type { CachedRegion, CacheState } from '../../../shared/grid/carbon-cache.ts';
import { intensitySample } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOW = Date.parse('2026-05-01T10:20:00Z');
const HOUR = NOW - 20 * 60_000;

function region(code: string, now: number, ahead: readonly number[], sampledAt = NOW): CachedRegion {
  return {
    ...intensitySample({
      ...{ zone: zone(code), carbonIntensity: gramsPerKwh(now), datetime: sampledAt, fetchedAt: NOW },
      ...{ provider: 'p', quality: 'measured' },
    }),
    forecast: ahead.map((value, at) => ({ datetime: HOUR + at * HOUR_MS, carbonIntensity: gramsPerKwh(value) })),
  };
}

const DE = region('DE', 310, [300, 100, 200]);
const FR = region('FR', 30, [40, 60]);

function view(
  places: Places,
  {
    regions = [DE, FR],
    allowed,
    state = 'fresh',
  }: { regions?: CachedRegion[]; allowed?: string[]; state?: 'stale' | 'fresh' } = {},
) {
  const zones = regions.map((each) => each.zone);
  const snapshot = {
    ...{ writtenAt: NOW, ttlMs: HOUR_MS, ranked: zones, unranked: [] },
    regions: new Map(regions.map((each) => [each.zone, each])),
  };
  const cache: CacheState = { kind: state, snapshot, ageMs: 0 };
  const found = forecastViewOf(cache, places, allowed?.map(zone), NOW);
  if (found.kind === 'lost') return found.reason;
  return found.candidates.map(({ zone: of, forecast }) => [of, forecast.map(({ carbonIntensity }) => carbonIntensity)]);
}

const cleanest = (...zones: string[]): Places => ({ kind: 'cleanest', zones: zones.map(zone) });
const any = (nodes: Record<string, number>, unknown = 0): Places => ({
  ...{ kind: 'any', unknown },
  nodes: new Map(Object.entries(nodes).map(([code, count]) => [zone(code), count])),
});

describe('forecasts of the zones that work may run in', () => {
  it('are lost with a stale or missing document', () => {
    expect(view(cleanest('DE'), { state: 'stale' })).toBe('stale');
    expect(forecastViewOf({ kind: 'missing', reason: 'none' }, cleanest('DE'), undefined, NOW)).toEqual({
      ...{ kind: 'lost', reason: 'missing' },
    });
  });

  it('begin with the present sample, for each zone of a node', () => {
    expect(view(cleanest('FR', 'DE'))).toEqual([
      ['DE', [310, 100, 200]],
      ['FR', [30, 60]],
    ]);
  });

  it('begin with what was forecast for this hour where the sample is older, else with that sample', () => {
    const old = region('DE', 310, [300, 100, 200], HOUR - 1);

    expect(view(cleanest('DE'), { regions: [region('DE', 310, [300, 100, 200], HOUR)] })).toEqual([
      ['DE', [310, 100, 200]],
    ]);
    expect(view(cleanest('DE'), { regions: [old] })).toEqual([['DE', [300, 100, 200]]]);
    expect(view(cleanest('DE'), { regions: [withoutPresent(old)] })).toEqual([['DE', [310, 100, 200]]]);
  });

  it('leave out the zones that the work does not allow, and those that the document does not know', () => {
    expect(view(cleanest('DE', 'FR', 'PL'), { allowed: ['FR', 'PL'] })).toEqual([['FR', [30, 60]]]);
    expect(view(cleanest('DE'), { allowed: ['FR'] })).toBe('zone-unknown');
    expect(view(cleanest('PL'))).toBe('zone-unknown');
  });

  it('where no node’s zone is known are those of the only zone of the document; of several none', () => {
    expect(view(cleanest(), { regions: [DE] })).toEqual([['DE', [310, 100, 200]]]);
    expect(view(cleanest())).toBe('zone-unknown');
    expect(view(cleanest('PL'), { regions: [DE] })).toBe('zone-unknown');
  });

  it('of a scheduler that does not place by carbon are the mean over the nodes, for hours that all zones have', () => {
    expect(view(any({ DE: 3, FR: 1 }))).toEqual([['any', [(3 * 310 + 30) / 4, (3 * 100 + 60) / 4]]]);
    expect(view(any({ FR: 7 }))).toEqual([['FR', [30, 60]]]);
  });

  it('of such a scheduler are unknown where any node may be in a zone that is not known', () => {
    expect(view(any({ DE: 3 }, 1))).toBe('zone-unknown');
    expect(view(any({}))).toBe('zone-unknown');
    expect(view(any({ DE: 3, PL: 1 }))).toBe('zone-unknown');
    expect(view(any({ PL: 1 }))).toBe('zone-unknown');
  });

  it('stay empty where nothing is forecast', () => {
    expect(view(cleanest('DE'), { regions: [region('DE', 310, [])] })).toEqual([['DE', []]]);
  });
});

/** The same region whose forecast begins with the next hour. */
function withoutPresent(of: CachedRegion): CachedRegion {
  return { ...of, forecast: (of.forecast ?? []).slice(1) };
}
