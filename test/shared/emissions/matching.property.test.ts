// Flow: contracts against what was used: hour by hour and grid by grid, never more than either.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractedKwh, type EnergyContract, parseContracts } from '../../../shared/emissions/contracts.ts';
import { addMarket, emptyMarketSum, matchHour, matchHours } from '../../../shared/emissions/matching.ts';
import { gramsPerKwh, HOUR_MS, JOULES_PER_KWH, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const ZONES = ['DE', 'FR', 'US-CAL-CISO'].map(zone);
const anyZone = fc.constantFrom(...ZONES);
const amount = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true }));
const hourAt = fc.integer({ min: 0, max: 30 }).map((hour) => START + hour * HOUR_MS);

const contract = fc
  .record({
    name: fc.uuid(),
    kind: fc.constantFrom('certificate' as const, 'ppa' as const),
    zone: anyZone,
    from: fc.integer({ min: -5, max: 20 }).map((minutes) => START + minutes * 30 * 60_000),
    length: fc.integer({ min: 1, max: 40 }),
    kwh: fc.oneof(
      amount.map((of) => ({ per: 'hour' as const, amount: of })),
      amount.map((of) => ({ per: 'year' as const, amount: of * 8760 })),
    ),
    gramsPerKwh: fc.integer({ min: 0, max: 40 }).map(gramsPerKwh),
  })
  .map(({ length, ...rest }): EnergyContract => ({ ...rest, to: rest.from + length * 30 * 60_000 }));

const energy = fc.array(
  fc.record({ zone: fc.option(anyZone), hour: hourAt, joules: amount.map((kwh) => kwh * JOULES_PER_KWH) }),
  { maxLength: 40 },
);
const contracts = fc.array(contract, { maxLength: 8 }).map((all) => ({ contracts: all, residualMixes: [] }));

describe('what contracts match', () => {
  it('is never more than was used, nor more than each contract delivers, in any hour and grid', () => {
    fc.assert(
      fc.property(contracts, energy, (known, used) => {
        const matchedAt = matchHours(known, used);
        for (const grid of ZONES)
          for (let hour = START - 3 * HOUR_MS; hour < START + 32 * HOUR_MS; hour += HOUR_MS) {
            const consumed = used.filter((one) => one.zone === grid && one.hour === hour);
            const kwh = consumed.reduce((sum, one) => sum + one.joules, 0) / JOULES_PER_KWH;
            const { share, byContract } = matchedAt(grid, hour);

            const matched = byContract.reduce((sum, one) => sum + one.kwh, 0);
            expect(share).toBeGreaterThanOrEqual(0);
            expect(share).toBeLessThanOrEqual(1);
            expect(matched).toBeLessThanOrEqual(kwh * (1 + 1e-12));
            expect(share * kwh).toBeCloseTo(matched, 9);
            for (const { name, kwh: of } of byContract) {
              const own = known.contracts.find((one) => one.name === name) as EnergyContract;
              expect(own.zone).toBe(grid);
              expect(of).toBeLessThanOrEqual(contractedKwh(own, hour) * (1 + 1e-12));
            }
          }
      }),
      { numRuns: 150 },
    );
  });

  it('adds up over everything that used it to what the hour matched, wherever it ran', () => {
    fc.assert(
      fc.property(
        contracts,
        fc.array(amount, { minLength: 1, maxLength: 12 }),
        anyZone,
        hourAt,
        (known, parts, grid, hour) => {
          const whole = joules(parts.reduce((sum, kwh) => sum + kwh, 0) * JOULES_PER_KWH);
          const matched = matchHour(known, grid, hour, whole);
          const sum = emptyMarketSum();

          for (const kwh of parts) addMarket(sum, joules(kwh * JOULES_PER_KWH), matched, gramsPerKwh(300));

          const kwh = matched.byContract.reduce((total, one) => total + one.kwh, 0);
          expect(sum.matchedJoules / JOULES_PER_KWH).toBeCloseTo(kwh, 6);
          expect(sum.grams).toBeCloseTo(kwh * matched.gramsPerKwh + (whole / JOULES_PER_KWH - kwh) * 300, 4);
          expect(sum.unknownJoules).toBe(0);
        },
      ),
    );
  });
});

describe('the rest', () => {
  const hour = START;
  const file = parseContracts({
    contracts: [
      {
        name: 'wind',
        kind: 'ppa',
        zone: 'DE',
        from: '2026-01-01',
        to: '2027-01-01',
        mwh_per_hour: 0.006,
        grams_per_kwh: 0,
      },
    ],
    residual_mix: [{ zone: 'DE', from: '2026-01-01', to: '2027-01-01', grams_per_kwh: 700, source: 'AIB 2025' }],
  });
  if (!('contracts' in file)) throw new Error(JSON.stringify(file));
  const ten = joules(10 * JOULES_PER_KWH);

  it('is priced with the residual mix where one is given, whatever the location-based intensity is', () => {
    const sum = emptyMarketSum();

    addMarket(sum, ten, matchHour(file, zone('DE'), hour, ten), gramsPerKwh(300));

    expect(sum).toEqual({
      grams: 4 * 700,
      matchedJoules: 6 * JOULES_PER_KWH,
      unknownJoules: 0,
      bases: new Set(['residual-mix']),
    });
  });

  it('is priced location-based without one, and says so', () => {
    const sum = emptyMarketSum();

    addMarket(sum, ten, matchHour({ ...file, residualMixes: [] }, zone('DE'), hour, ten), gramsPerKwh(300));

    expect(sum).toMatchObject({ grams: 4 * 300, bases: new Set(['location-based']) });
  });

  it('is unknown where neither is known: never 0 grams', () => {
    const sum = emptyMarketSum();

    addMarket(sum, ten, matchHour(file, zone('FR'), hour, ten), undefined);

    expect(sum).toMatchObject({ grams: 0, unknownJoules: ten, bases: new Set() });
  });
});

describe('a file of contracts', () => {
  const good = {
    name: 'a',
    kind: 'ppa',
    zone: 'DE',
    from: '2026-01-01',
    to: '2027-01-01',
    mwh_per_year: 87.6,
    grams_per_kwh: 0,
  };

  it('spreads the amount of a year evenly over its hours, and covers the part of an hour that its period has', () => {
    const file = parseContracts({ contracts: [{ ...good, from: '2026-01-01T00:30:00Z' }] });

    const [one] = 'contracts' in file ? file.contracts : [];

    expect(one && contractedKwh(one, Date.parse('2026-06-01'))).toBeCloseTo(10, 9);
    expect(one && contractedKwh(one, Date.parse('2026-01-01'))).toBeCloseTo(5, 9);
    expect(one && contractedKwh(one, Date.parse('2027-01-01'))).toBe(0);
  });

  it.each([
    [{ contracts: [{ ...good, zone: '??' }] }, 'contracts.0.zone: is not a zone code'],
    [{ contracts: [{ ...good, to: '2025-01-01' }] }, 'contracts.0.to: is not after from'],
    [{ contracts: [{ ...good, mwh_per_hour: 1 }] }, 'contracts.0.mwh_per_hour: and mwh_per_year: exactly one'],
    [{ contracts: [{ ...good, kind: 'promise' }] }, 'contracts.0.kind: is neither certificate nor ppa'],
    [{ contracts: [{ ...good, grams_per_kwh: -1 }] }, 'contracts.0.grams_per_kwh'],
    [{ deals: [] }, 'file: '],
    [
      {
        residual_mix: [
          { zone: 'DE', from: '2026-01-01', to: '2027-01-01', grams_per_kwh: 1, source: 's' },
          { zone: 'DE', from: '2026-12-01', to: '2028-01-01', grams_per_kwh: 2, source: 's' },
        ],
      },
      'residual_mix: DE has two factors for the same time',
    ],
  ])('%j is refused with its place', (content, issue) => {
    const parsed = parseContracts(content);
    const issues = 'contracts' in parsed ? [] : parsed;
    const texts = issues.map(({ path, problem }) => `${path.join('.') || 'file'}: ${problem}`);

    expect(texts.join('\n')).toContain(issue);
  });
});
