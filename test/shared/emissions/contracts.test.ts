import { describe, expect, it } from 'vitest';
import {
  type Contracts,
  type ContractsIssue,
  contractedKwh,
  parseContracts,
} from '../../../shared/emissions/contracts.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const wind = { name: 'wind', kind: 'ppa', zone: 'DE', from: '2026-01-01', to: '2027-01-01', grams_per_kwh: 10 };
const mix = (zone: string, from: string, to: string) => ({ zone, from, to, grams_per_kwh: 700, source: 'AIB' });

function parsed(content: unknown): Contracts {
  const known = parseContracts(content);
  if ('contracts' in known) return known;
  throw new Error(known.map(({ problem }) => problem).join('; '));
}

function contract(amount: object, from = wind.from, to = wind.to) {
  const [first] = parsed({ contracts: [{ ...wind, from, to, ...amount }] }).contracts;
  if (first === undefined) throw new Error('the contract was not read');
  return first;
}

const at = (time: string) => Date.parse(time);

describe('contractedKwh', () => {
  it('delivers an amount per hour in each hour of the period', () => {
    expect(contractedKwh(contract({ mwh_per_hour: 2 }), at('2026-05-01T10:00:00Z'))).toBe(2000);
  });

  it('spreads a yearly amount evenly over the hours of the year, leap years too', () => {
    expect(contractedKwh(contract({ mwh_per_year: 8.76 }), at('2026-05-01T10:00:00Z'))).toBeCloseTo(1, 12);
    expect(contractedKwh(contract({ mwh_per_year: 8.784 }, '2028-01-01', '2029-01-01'), at('2028-05-01'))).toBeCloseTo(
      1,
      12,
    );
  });

  it('delivers a part in the hours at its edges, and nothing outside', () => {
    const half = contract({ mwh_per_hour: 1 }, '2026-01-01T10:30:00Z', '2026-01-01T12:15:00Z');

    const hours = [9, 10, 11, 12, 13].map((hour) => contractedKwh(half, at('2026-01-01') + hour * HOUR_MS));
    expect(hours).toEqual([0, 500, 1000, 250, 0]);
  });

  it('ends with the first hour that is not included', () => {
    const whole = contract({ mwh_per_hour: 1 }, '2026-01-01T10:00:00Z', '2026-01-01T11:00:00Z');

    expect(contractedKwh(whole, at('2026-01-01T11:00:00Z'))).toBe(0);
  });
});

describe('parseContracts', () => {
  it('takes an empty file, and residual mixes that meet or are of other zones', () => {
    expect(parseContracts(null)).toEqual({ contracts: [], residualMixes: [] });
    const meeting = [mix('DE', '2026-02-01', '2026-03-01'), mix('DE', '2026-01-01', '2026-02-01')];
    const apart = [mix('FR', '2026-01-01', '2026-03-01'), mix('AT', '2026-01-01', '2026-03-01')];
    expect(parsed({ residual_mix: [...apart, ...meeting] }).residualMixes).toHaveLength(4);
  });

  it('refuses two factors of one zone for the same time, in any order of the file', () => {
    const first = mix('DE', '2026-01-01', '2026-02-02');
    const second = mix('DE', '2026-02-01', '2026-03-01');
    const others = [mix('FR', '2026-01-01', '2026-03-01'), mix('AT', '2026-01-01', '2026-03-01')];

    for (const all of [
      [first, ...others, second],
      [second, ...others, first],
      [...others, first, second],
    ])
      expect(parseContracts({ residual_mix: all })).toEqual([
        { path: ['residual_mix'], problem: 'DE has two factors for the same time' },
      ]);
  });

  it.each([
    [{ mwh_per_hour: 1, mwh_per_year: 2 }, 'mwh_per_hour'],
    [{}, 'mwh_per_hour'],
    [{ mwh_per_hour: -1 }, 'mwh_per_hour'],
    [{ mwh_per_hour: 1, to: wind.from }, 'to: is not after from'],
    [{ mwh_per_hour: 1, from: 'May' }, 'from: is not a date'],
    [{ mwh_per_hour: 1, zone: '??' }, 'zone: is not a zone code'],
    [{ mwh_per_hour: 1, zone: 'DK_1' }, 'did you mean "DK-DK1"?'],
    [{ mwh_per_hour: 1, kind: 'rec' }, 'kind: is neither'],
    [{ mwh_per_hour: 1, name: '' }, 'name'],
    [{ mwh_per_hour: 1, mhw: 1 }, 'contracts.0'],
  ])('refuses a contract with %j and names the place', (change, place) => {
    const issues = parseContracts({ contracts: [{ ...wind, ...change }] }) as readonly ContractsIssue[];

    expect(issues.map(({ path, problem }) => `${path.join('.')}: ${problem}`)).toEqual([
      expect.stringContaining(place),
    ]);
  });
});
