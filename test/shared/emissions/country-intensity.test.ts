import { describe, expect, it } from 'vitest';
import { countryIntensities, ownCode, priced } from '../../../shared/emissions/country-intensity.ts';
import type { HourlyIntensity } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { IntensityReader } from '../../../shared/records/power.ts';

const RANGE = { from: 0, to: 10 * HOUR_MS };
const KWH = 3_600_000;

function hour(code: string, at: number, of: number, more: Partial<HourlyIntensity> = {}): HourlyIntensity {
  return {
    ...{ zone: zone(code), hour: at * HOUR_MS, carbonIntensity: gramsPerKwh(of), provider: 'p' },
    ...{ signal: 'average', quality: 'measured', ...more },
  };
}

async function intensityOf(code: string, history: readonly HourlyIntensity[]) {
  const store: IntensityReader = {
    zones: async () => [...new Set(history.map((each) => each.zone))],
    intensities: async (zones) => history.filter((each) => zones.includes(each.zone)),
  };
  const [found] = await countryIntensities(store, [ownCode(zone(code))], RANGE);
  if (found === undefined) throw new Error('no intensity was looked up');
  return found;
}

describe('countryIntensities', () => {
  it('takes the history of the zone itself before those of its country’s zones', async () => {
    const found = await intensityOf('SE', [hour('SE', 0, 30), hour('SE-SE3', 0, 90)]);

    expect([found.basis, found.zones, found.at(0)?.carbonIntensity]).toEqual(['zone', ['SE'], 30]);
  });

  it('is the mean of the country’s zones, with the worst of their qualities', async () => {
    const found = await intensityOf('SE', [hour('SE-SE3', 0, 90), hour('SE-SE4', 0, 30, { quality: 'estimated' })]);

    expect(found.basis).toBe('mean-of-zones');
    expect(found.at(0)).toEqual({ carbonIntensity: 60, quality: 'estimated', providers: ['p'] });
  });

  it('never takes a marginal value: the yearly average instead', async () => {
    const found = await intensityOf('DE', [hour('DE', 0, 800, { signal: 'marginal' })]);

    expect(found.basis).toBe('yearly-average');
    expect(found.at(0)?.quality).toBe('yearly-average');
  });
});

describe('priced', () => {
  it('gives grams, and grams per second of the mean power of the interval', async () => {
    const found = await intensityOf('DE', [hour('DE', 1, 400)]);

    expect(priced(found, joules(KWH), HOUR_MS, 2 * HOUR_MS)).toEqual({
      ...{ intensity_g_per_kwh: 400, grams: 400, grams_per_second: 400 / 3600, quality: 'measured', provider: 'p' },
      ...{ coverage: 1, basis: 'zone', zones: ['DE'], marginal_g_per_kwh: null },
    });
  });

  it('says what part of the interval is covered, and gives nothing where no hour is known', async () => {
    const found = await intensityOf('DE', [hour('DE', 1, 400, { provider: 'b' }), hour('DE', 3, 200)]);

    expect(priced(found, joules(4 * KWH), 0, 4 * HOUR_MS)).toMatchObject({ coverage: 0.5, provider: 'b, p' });
    expect(priced(found, joules(KWH), 5 * HOUR_MS, 6 * HOUR_MS)).toMatchObject({
      ...{ intensity_g_per_kwh: null, grams_per_second: null, grams: null, quality: null, provider: null, coverage: 0 },
    });
  });
});
