import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calculate } from '../../../shared/calculator/calculate.ts';
import { energyOfRequests } from '../../../shared/calculator/formula.ts';
import { calculateEmissions } from '../../../shared/calculator/index.ts';
import { givenIntensity } from '../../../shared/calculator/intensity-used.ts';
import { placeRegion } from '../../../shared/calculator/region.ts';
import { embodiedShare, softwareCarbonIntensity } from '../../../shared/calculator/sci.ts';
import { grams, gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { hourOfZone } from '../../cli/history.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { openSqliteWriter } from '../store/opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const requestCount = fc.integer({ min: 1, max: 1_000_000_000 });
const intensities = fc.array(fc.double({ min: 1, max: 1500, noNaN: true }), { minLength: 2, maxLength: 72 });
const historyOf = (values: readonly number[]) =>
  values.map((gCO2_per_kWh, index) => ({ hour: NOON + index * HOUR_MS, gCO2_per_kWh }));

describe('calculateEmissions', () => {
  it('gives the figures of the formula: 100,000 requests of q2q-ai at 450.25 g/kWh', () => {
    const result = calculateEmissions({ service: 'q2q-ai', region: 'us-east-1', requests: 100_000, intensity: 450.25 });

    expect(result).toMatchObject({
      total_kWh: 50,
      total_gCO2e: 22_512.5,
      gCO2e_per_1k_requests: 225.125,
      zone: 'US-MIDA-PJM',
      intensity: { avg_gCO2_per_kWh: 450.25, quality: 'given' },
    });
  });

  it('takes the share of reserved hardware in the period for its embodied emissions', () => {
    const hardware = { total_kg: 876, lifetime_years: 1, share: 0.5 };
    const profile = { service: 'own', wh_per_request: 1, confidence: 'low', source: 'test', embodied: hardware };
    const query = {
      service: 'own',
      region: 'DE',
      requests: 10,
      intensity: 100,
      sci: true,
      profiles: [profile as never],
    };

    const hour = calculateEmissions({ ...query, from: NOON, to: NOON + HOUR_MS });

    // 876 kg over 8760 h are 100 g an hour, and half of that is the service's.
    expect(hour.sci?.embodied_gCO2e).toBeCloseTo(50, 9);
    expect(hour.sci?.gCO2e_per_request).toBeCloseTo((0.01 * 100 + 50) / 10, 9);
    expect(calculateEmissions(query).sci?.embodied_gCO2e).toBeNull();
  });

  it('says where the PUE is from: given, the profile, or none', () => {
    const profile = { service: 'own', wh_per_request: 1, confidence: 'low', source: 'test', pue: 1.3 };
    const of = (query: object) =>
      calculateEmissions({ service: 'q2q-ai', region: 'DE', requests: 10, intensity: 100, ...query }).energy;

    expect(of({})).toMatchObject({ pue: 1, pue_source: 'none' });
    expect(of({ pue: 1.2 })).toMatchObject({ pue: 1.2, pue_source: 'given' });
    expect(of({ service: 'own', profiles: [profile] })).toMatchObject({ pue: 1.3, pue_source: 'profile' });
    expect(() => of({ pue: 0.99 })).toThrow(expect.objectContaining({ code: 'PUE_INVALID' }));
  });

  it('gives the Wh per request of measured energy, with the PUE beside them', () => {
    const calculation = {
      profile: { service: 'own', wh_per_request: 1, confidence: 'low', source: 'test' } as const,
      place: placeRegion('DE'),
      requests: 500,
      intensity: givenIntensity(200, 'given'),
      pue: { value: 2, source: 'given' },
      measured_kWh: 3,
    };

    expect(calculate(calculation as never)).toMatchObject({
      ...{ total_kWh: 6, total_gCO2e: 1200, gCO2e_per_1k_requests: 2400 },
      energy: { wh_per_request: 6, confidence: 'measured', source: 'given with the record', pue: 2 },
    });
  });

  it('takes the newest 24 recorded hours where no period is given', () => {
    const history = historyOf(Array.from({ length: 30 }, (_, index) => (index < 6 ? 900 : 100)));

    const result = calculateEmissions({ service: 'q2q-ai', region: 'DE', requests: 10, history });

    expect(result.intensity.avg_gCO2_per_kWh).toBe(100);
    expect(result.period?.from).toBe(new Date(NOON + 6 * HOUR_MS).toISOString());
  });

  it('weights a two-price day by the hours of use, where a bare mean would be three times as high', () => {
    const history = [
      { hour: NOON, gCO2_per_kWh: 100 },
      { hour: NOON + HOUR_MS, gCO2_per_kWh: 700 },
    ];
    const query = { service: 'q2q-ai', region: 'DE', requests: 2000, history, from: NOON, to: NOON + 2 * HOUR_MS };

    const even = calculateEmissions(query);
    const used = calculateEmissions({
      ...query,
      usage: [
        { hour: NOON, requests: 1900 },
        { hour: NOON + HOUR_MS, requests: 100 },
      ],
    });

    expect(even).toMatchObject({ total_gCO2e: 400, intensity: { weighting: 'even over the period' } });
    expect(used).toMatchObject({
      total_gCO2e: 130,
      intensity: { weighting: 'hours of use', min_gCO2_per_kWh: 100, max_gCO2_per_kWh: 700 },
    });
  });

  it('prices a period of thousands of years by its known hours, at once', () => {
    const [from, to] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9998-01-01T00:00:00Z')];
    const history = historyOf([100, 400]);

    const result = calculateEmissions({ service: 'q2q-ai', region: 'DE', requests: 2000, history, from, to });

    expect(result.intensity.avg_gCO2_per_kWh).toBe(250);
    expect(result.intensity.coverage).toBeCloseTo((2 * HOUR_MS) / (to - from), 12);
  });

  it('weighs hours that the period only touches by the part within it', () => {
    const history = historyOf([100, 400]);

    const result = calculateEmissions({
      service: 'q2q-ai',
      region: 'DE',
      requests: 2000,
      history,
      from: NOON + HOUR_MS / 2,
      to: NOON + 2 * HOUR_MS,
    });

    expect(result.intensity.avg_gCO2_per_kWh).toBeCloseTo(300, 9);
  });

  it('says what part of the period is known, and names each source with its share', () => {
    const history = [
      { hour: NOON, gCO2_per_kWh: 100, source: 'a' },
      { hour: NOON + HOUR_MS, gCO2_per_kWh: 200, source: 'b', quality: 'estimated' as const },
    ];

    const { intensity } = calculateEmissions({
      service: 'q2q-ai',
      region: 'DE',
      requests: 1,
      history,
      from: NOON,
      to: NOON + 4 * HOUR_MS,
    });

    expect(intensity).toMatchObject({
      coverage: 0.5,
      source: 'a + b',
      quality: 'measured + estimated',
      parts: [
        { source: 'a', quality: 'measured', share: 0.5 },
        { source: 'b', quality: 'estimated', share: 0.5 },
      ],
    });
  });

  it('uses the labelled yearly average without period and history, and refuses a period without history', () => {
    const query = { service: 'q2q-ai', region: 'PL', requests: 10 };

    expect(calculateEmissions(query)).toMatchObject({ period: null, intensity: { quality: 'yearly-average' } });
    expect(() => calculateEmissions({ ...query, from: '2026-01-01', to: '2026-01-02' })).toThrow(
      /no carbon intensity of PL is recorded/,
    );
  });

  it('asks a store where one is given', async () => {
    using folder = temporaryFolder();
    await using store = openSqliteWriter(folder.path);
    await store.record([hourOfZone('FR', NOON, 40), hourOfZone('FR', NOON + HOUR_MS, 60)]);

    const result = await calculateEmissions({ service: 'q2q-ai', region: 'FR', requests: 1000 }, store);

    expect(result).toMatchObject({
      total_gCO2e: 25,
      period: { from: '2026-01-01T12:00:00.000Z', to: '2026-01-01T14:00:00.000Z' },
    });
  });

  it('is linear in requests', () => {
    fc.assert(
      fc.property(requestCount, intensities, (requests, values) => {
        const query = {
          service: 'reporting',
          region: 'DE',
          history: historyOf(values),
          from: NOON,
          to: NOON + values.length * HOUR_MS,
        };
        const one = calculateEmissions({ ...query, requests });
        const seven = calculateEmissions({ ...query, requests: 7 * requests });

        expect(seven.total_kWh / one.total_kWh).toBeCloseTo(7, 9);
        expect(seven.total_gCO2e / one.total_gCO2e).toBeCloseTo(7, 9);
        expect(seven.gCO2e_per_1k_requests / one.gCO2e_per_1k_requests).toBeCloseTo(1, 9);
      }),
    );
  });

  it('adds up over adjacent periods', () => {
    fc.assert(
      fc.property(intensities, fc.nat(), (values, cut) => {
        const usage = values.map((_, index) => ({ hour: NOON + index * HOUR_MS, requests: (index % 5) + 1 }));
        const at = 1 + (cut % (values.length - 1));
        const part = (from: number, to: number) => {
          const within = usage.slice(from, to);
          return calculateEmissions({
            service: 'reporting',
            region: 'DE',
            history: historyOf(values),
            usage: within,
            requests: within.reduce((sum, hour) => sum + hour.requests, 0),
            from: NOON + from * HOUR_MS,
            to: NOON + to * HOUR_MS,
          }).total_gCO2e;
        };

        const whole = part(0, values.length);

        expect((part(0, at) + part(at, values.length)) / whole).toBeCloseTo(1, 9);
      }),
    );
  });

  it('comes back to the same units: per 1k, per request and per kWh', () => {
    fc.assert(
      fc.property(requestCount, fc.double({ min: 0.001, max: 2000, noNaN: true }), (requests, intensity) => {
        const result = calculateEmissions({ service: 'api-gateway', region: 'FR', requests, intensity });

        expect(((result.gCO2e_per_1k_requests / 1000) * requests) / result.total_gCO2e).toBeCloseTo(1, 9);
        expect(result.total_gCO2e / result.total_kWh / intensity).toBeCloseTo(1, 9);
        expect((result.avg_kWh_per_request * requests) / energyOfRequests(requests, 0.01)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('the Software Carbon Intensity', () => {
  it('is (E x I + M) per R', () => {
    // 1000 kg made, 1 of 4 years reserved, a tenth of it: 25 kg; (10 kWh x 500 g + 25,000 g) / 1000 = 30 g a request.
    const embodied = embodiedShare({ total: grams(1_000_000), reservedHours: 8760, lifetimeHours: 35_040, share: 0.1 });

    expect(softwareCarbonIntensity({ kWh: 10, intensity: gramsPerKwh(500), embodied, units: 1000 })).toBe(30);
  });
});
