import { describe, expect, it } from 'vitest';
import { type CarbonSnapshot, cacheState } from '../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { cacheText } from '../cache/cache-file.ts';
import { NOON, start } from './start-api.ts';

const hour = (text: string) => `2026-01-01T${text}:00:00.000Z`;

describe('GET /api/co2-intensities', () => {
  it('has one row for each country: the mean of its zones in the latest hour for which all are known', async () => {
    await using api = await start();
    await api.intensity('US-CAL-CISO', -2, 100);
    await api.intensity('US-CAL-CISO', -1, 200);
    await api.intensity('US-TEX-ERCO', -1, 400, 'estimated');
    await api.intensity('US-CAL-CISO', 0, 999);
    await api.intensity('DE', -3, 250);

    const { body } = await api.get('/api/co2-intensities');

    expect(body).toEqual([
      expect.objectContaining({ country: 'DE', zones: ['DE'], basis: 'zone', hour: hour('09'), value: 250 }),
      {
        country: 'US',
        zone: 'US',
        zones: ['US-CAL-CISO', 'US-TEX-ERCO'],
        basis: 'mean-of-zones',
        hour: hour('11'),
        value: 300,
        unit: 'gCO2eq/kWh',
        quality: 'estimated',
        provider: 'test',
        signal: 'average',
        origin: 'history',
      },
    ]);
  });

  it('has the newest hour where a zone has been silent for more than two hours', async () => {
    await using api = await start();
    await api.intensity('US-TEX-ERCO', -3, 400);
    await api.intensity('US-CAL-CISO', -3, 100);
    await api.intensity('US-CAL-CISO', 0, 200);

    const { body } = await api.get('/api/co2-intensities');

    expect(body).toMatchObject([{ country: 'US', zones: ['US-CAL-CISO'], value: 200, hour: hour('12') }]);
  });

  it('finds the latest hour of a zone that has none in the last day', async () => {
    await using api = await start();
    await api.intensity('DE', -30, 7);
    await api.intensity('FR', 0, 8);

    const { body } = await api.get('/api/co2-intensities');

    expect(body.map(({ country, value }: { country: string; value: number }) => [country, value])).toEqual([
      ['DE', 7],
      ['FR', 8],
    ]);
  });

  it('never averages marginal values with average ones', async () => {
    await using api = await start();
    await api.intensity('US-CAL-CISO', 0, 200);
    await api.intensity('US-TEX-ERCO', 0, 900, 'measured', 'marginal');
    await api.intensity('SE', 0, 30, 'measured', 'marginal');

    const { body } = await api.get('/api/co2-intensities');

    expect(body).toMatchObject([
      { country: 'SE', value: 30, signal: 'marginal' },
      { country: 'US', value: 200, zones: ['US-CAL-CISO'], signal: 'average' },
    ]);
  });

  it('has every hour of a range, oldest first, by country or by zone, under the country as it was spelled', async () => {
    await using api = await start();
    await api.intensity('GB', -2, 100);
    await api.intensity('GB', -1, 200);
    await api.intensity('US-CAL-CISO', -2, 300);
    const range = 'start_time=2026-01-01T10:00:00&end_time=2026-01-01T12:00:00';

    const all = await api.get(`/api/co2-intensities?by=zone&${range}`);
    const one = await api.get(`/api/co2-intensities?country=UK&${range}`);

    const facts = (rows: { country: string; zone?: string; hour: string }[]) =>
      rows.map(({ country, zone, hour: of }) => [country, zone, of]);
    expect(facts(all.body)).toEqual([
      ['GB', 'GB', hour('10')],
      ['US', 'US-CAL-CISO', hour('10')],
      ['GB', 'GB', hour('11')],
    ]);
    expect(facts(one.body)).toEqual([
      ['UK', 'GB', hour('10')],
      ['UK', 'GB', hour('11')],
    ]);
  });

  it('adds what the cache has of the present hour where history has nothing, a yearly average with its year', async () => {
    const region = { quality: 'yearly-average', datetime: Date.UTC(2024, 0, 1) } as const;
    const document = decodeCarbonCache(cacheText({ DE: 300, FR: 50 }));
    const snapshot = document as CarbonSnapshot;
    const regions = new Map([...snapshot.regions].map(([code, known]) => [code, { ...known, ...region }]));
    await using api = await start(undefined, () => cacheState({ ...snapshot, regions }, NOON));
    await api.intensity('FR', 0, 40);

    const { body } = await api.get('/api/co2-intensities');
    const past = await api.get('/api/co2-intensities?start_time=2026-01-01T00:00:00Z&end_time=2026-01-01T11:00:00Z');

    expect(body).toMatchObject([
      { country: 'DE', value: 300, quality: 'yearly-average', year: 2024, origin: 'cache', hour: hour('12') },
      { country: 'FR', value: 40, quality: 'measured', origin: 'history' },
    ]);
    expect(body).toHaveLength(2);
    expect(past.body).toEqual([]);
  });
});
