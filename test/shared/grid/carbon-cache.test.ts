import { describe, expect, it } from 'vitest';
import { type CachedRegion, cacheState, encodeCarbonCache } from '../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

function region(code: string, intensity: number, more: Partial<CachedRegion> = {}): CachedRegion {
  return {
    zone: zone(code),
    carbonIntensity: gramsPerKwh(intensity),
    datetime: NOON,
    fetchedAt: NOON,
    updatedAt: NOON,
    createdAt: NOON,
    emissionFactorType: 'lifecycle',
    isEstimated: true,
    estimationMethod: null,
    provider: 'electricity-maps',
    signal: 'average',
    quality: 'estimated',
    ...more,
  };
}

const encode = (regions: CachedRegion[]) => encodeCarbonCache(regions, NOON, 10) ?? '';
const stateAt = (text: string, now: number) => cacheState(decodeCarbonCache(text), now);

describe('the cache document', () => {
  it('ranks by intensity and breaks ties by zone code', () => {
    const document = JSON.parse(encode([region('PL', 700), region('FR', 42), region('ES', 42)]));

    expect(document.sorted_by_carbon).toEqual(['ES', 'FR', 'PL']);
    expect([document.best_region, document.worst_region]).toEqual(['ES', 'PL']);
  });

  it('never ranks average and marginal together', () => {
    const document = JSON.parse(
      encode([region('PL', 700), region('FR', 42), region('US-CAL-CISO', 10, { signal: 'marginal' })]),
    );

    expect(document.sorted_by_carbon).toEqual(['FR', 'PL']);
    expect(document.unranked).toEqual(['US-CAL-CISO']);
  });

  it('ranks the average ones when average and marginal zones are equally many, and the marginal ones only as a majority', () => {
    const marginal = (code: string) => region(code, 10, { signal: 'marginal' });

    const tie = JSON.parse(encode([region('PL', 700), marginal('US-CAL-CISO')]));
    const majority = JSON.parse(encode([region('PL', 700), marginal('US-CAL-CISO'), marginal('US-TEX-ERCO')]));

    expect([tie.sorted_by_carbon, tie.unranked]).toEqual([['PL'], ['US-CAL-CISO']]);
    expect([majority.sorted_by_carbon, majority.unranked]).toEqual([['US-CAL-CISO', 'US-TEX-ERCO'], ['PL']]);
  });

  it('reads back what it wrote', () => {
    const forecast = [
      { datetime: NOON + 3_600_000, carbonIntensity: gramsPerKwh(40), low: gramsPerKwh(30), high: gramsPerKwh(50) },
    ];
    const written = [region('DE', 300.5), region('FR', 42, { forecast, forecastSource: 'electricity-maps' })];

    const state = stateAt(encode(written), NOON);

    if (state.kind === 'missing') throw new Error(state.reason);
    expect([...state.snapshot.regions.values()]).toEqual(written);
  });

  it('is not written at all when nothing is known', () => {
    expect(encodeCarbonCache([], NOON, 10)).toBeUndefined();
  });

  it('is fresh up to its TTL and stale after', () => {
    const text = encode([region('FR', 42)]);

    expect(stateAt(text, NOON + 600_000).kind).toBe('fresh');
    expect(stateAt(text, NOON + 600_001).kind).toBe('stale');
  });

  it('takes a document dated in the future for missing, but for a little clock skew', () => {
    const text = encode([region('FR', 42)]);

    expect(stateAt(text, NOON - 60_000)).toMatchObject({ kind: 'fresh', ageMs: 0 });
    expect(stateAt(text, NOON - 60_001).kind).toBe('missing');
  });

  it.each([
    ['an empty file', ''],
    ['a torn file', encode([region('FR', 42)]).slice(0, 200)],
    ["another program's JSON", '{"items":[]}'],
    ['an array', '[]'],
    ['another version', encode([region('FR', 42)]).replace('"schema_version": 1', '"schema_version": 2')],
    ['a negative intensity', encode([region('FR', 42)]).replace('"carbonIntensity": 42', '"carbonIntensity": -1')],
    ['an intensity in words', encode([region('FR', 42)]).replace('"carbonIntensity": 42', '"carbonIntensity": "42"')],
    [
      'a time in words',
      encode([region('FR', 42)]).replace('"timestamp": "2026-01-01T12:00:00.000Z"', '"timestamp": "noon"'),
    ],
  ])('takes %s for missing and says why', (_, text) => {
    const state = stateAt(text, NOON);

    expect(state).toMatchObject({ kind: 'missing', reason: expect.stringMatching(/\w/) });
  });

  it('tolerates keys that it does not know', () => {
    const document = { ...JSON.parse(encode([region('FR', 42)])), later: { version: true } };

    expect(stateAt(JSON.stringify(document), NOON).kind).toBe('fresh');
  });
});
