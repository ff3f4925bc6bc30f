import { describe, expect, it } from 'vitest';
import { type CachedRegion, type CarbonSnapshot, encodeCarbonCache } from '../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { intensitySample } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

/** The document as it stands in the description of the publisher that it replaces. */
const PUBLISHED = {
  timestamp: '2024-01-01T12:00:00',
  ttl_minutes: 10,
  regions: {
    'US-NY-NYISO': {
      zone: 'US-NY-NYISO',
      carbonIntensity: 250.5,
      datetime: '2024-01-01T12:00:00Z',
      updatedAt: '2024-01-01T12:00:00Z',
      createdAt: '2024-01-01T12:00:00Z',
      emissionFactorType: 'lifecycle',
      isEstimated: false,
      timestamp: '2024-01-01T12:00:00',
    },
  },
  sorted_by_carbon: ['US-NY-NYISO'],
  best_region: 'US-NY-NYISO',
  worst_region: 'US-NY-NYISO',
};

function snapshotOf(document: unknown): CarbonSnapshot {
  const read = decodeCarbonCache(typeof document === 'string' ? document : JSON.stringify(document));
  if ('kind' in read) throw new Error(read.reason);
  return read;
}

function region(code: string, more: Partial<CachedRegion> = {}): CachedRegion {
  const times = { datetime: NOON, fetchedAt: NOON + 60_000 };
  const facts = { zone: zone(code), carbonIntensity: gramsPerKwh(42), provider: 'yearly-average' };
  return { ...intensitySample({ ...facts, ...times, quality: 'yearly-average' }), ...more };
}

describe('decodeCarbonCache', () => {
  it('reads the document of another publisher: no schema_version, times without a zone are UTC', () => {
    const snapshot = snapshotOf(PUBLISHED);

    expect(new Date(snapshot.writtenAt).toISOString()).toBe('2024-01-01T12:00:00.000Z');
    expect(snapshot.regions.get('US-NY-NYIS' as Zone)).toMatchObject({
      name: 'US-NY-NYISO',
      carbonIntensity: 250.5,
      quality: 'measured',
      fetchedAt: Date.parse('2024-01-01T12:00:00Z'),
    });
  });

  it.each(['2024-01-01T12:00:00.123456', '2024-01-01 12:00:00', '2024-01-01T13:00:00+01:00', '2024-01-01T12:00Z'])(
    'reads the time %s',
    (timestamp) => {
      const { writtenAt } = snapshotOf({ ...PUBLISHED, timestamp });

      expect(Math.floor(writtenAt / 1000) * 1000).toBe(Date.parse('2024-01-01T12:00:00Z'));
    },
  );

  it('finds a region by its grid zone, whatever its key is', () => {
    const text = encodeCarbonCache([region('us-east-1', { name: 'us-east-1' }), region('DE')], NOON, 10) ?? '';

    const { regions, ranked } = snapshotOf(text);

    expect([...regions.keys()].sort()).toEqual(['DE', 'US-MIDA-PJM']);
    expect(regions.get(zone('us-east-1'))?.name).toBe('us-east-1');
    expect(ranked).toEqual(['DE', 'US-MIDA-PJM']);
  });

  it('reads a grid zone with two names once', () => {
    const names = ['us-east-1', 'US-VA'].map((name) => region('US-MIDA-PJM', { name }));

    expect(snapshotOf(encodeCarbonCache(names, NOON, 10) ?? '').regions.size).toBe(1);
  });

  it.each([
    ['null', null],
    ['negative', -1],
    ['absurd', 3_000.1],
    ['infinite', '1e999'],
    ['text', '"42"'],
  ])('leaves a region with a %s intensity out, names it, and keeps the others', (_, value) => {
    const good = encodeCarbonCache([region('DE'), region('FR')], NOON, 10) ?? '';
    const text = good.replace('"carbonIntensity": 42', `"carbonIntensity": ${value}`);

    const { regions, issues, ranked } = snapshotOf(text);

    expect([[...regions.keys()], ranked]).toEqual([['FR'], ['FR']]);
    expect(issues).toEqual([expect.stringMatching(/^regions\.DE\.carbonIntensity: /)]);
  });

  it('leaves damaged, absurd and repeated points of a forecast out, and keeps the others in order', () => {
    const point = (hour: number, carbonIntensity: unknown) => ({
      datetime: `2026-01-01T${hour}:00:00`,
      carbonIntensity,
    });
    const forecast = [point(15, 30), point(13, 10), point(14, null), point(16, -2), point(17, 9_999), point(13, 11), 7];
    const document = JSON.parse(encodeCarbonCache([region('DE')], NOON, 10) ?? '');
    document.regions.DE.forecast = forecast;

    const { regions, issues } = snapshotOf(document);

    expect(regions.get(zone('DE'))?.forecast?.map(({ carbonIntensity }) => carbonIntensity)).toEqual([10, 30]);
    expect(issues).toHaveLength(5);
  });

  it('has nothing when no region is usable, and says why', () => {
    const text = (encodeCarbonCache([region('DE')], NOON, 10) ?? '').replace('"carbonIntensity": 42', '"x": 1');

    expect(decodeCarbonCache(text)).toMatchObject({ kind: 'missing', reason: expect.stringContaining('regions.DE') });
  });
});

describe('encodeCarbonCache', () => {
  it('writes texts where readers rely on them: without times of the provider, those of fetching', () => {
    const { FR } = JSON.parse(encodeCarbonCache([region('FR')], NOON, 10) ?? '').regions;

    expect([FR.updatedAt, FR.createdAt]).toEqual(['2026-01-01T12:01:00.000Z', '2026-01-01T12:01:00.000Z']);
  });

  it('writes times without a zone for readers that parse no other form', () => {
    const document = JSON.parse(encodeCarbonCache([region('FR')], NOON, { ttlMinutes: 10, naive: true }) ?? '');

    expect([document.timestamp, document.regions.FR.timestamp, document.regions.FR.datetime]).toEqual([
      '2026-01-01T12:00:00',
      '2026-01-01T12:01:00',
      '2026-01-01T12:00:00Z',
    ]);
  });

  it('ranks names, cleanest first, ties by name', () => {
    const named = ['us-east-1', 'US-NY-NYISO', 'DE'].map((name) => region(name, { name }));

    const document = JSON.parse(encodeCarbonCache(named, NOON, 10) ?? '');

    expect(document.sorted_by_carbon).toEqual(['DE', 'US-NY-NYISO', 'us-east-1']);
    expect(document.regions['us-east-1']).toMatchObject({ zone: 'us-east-1', gridZone: 'US-MIDA-PJM' });
  });
});
