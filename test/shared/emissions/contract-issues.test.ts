import { describe, expect, it } from 'vitest';
import { contractIssues } from '../../../shared/emissions/contract-issues.ts';
import { type Contracts, parseContracts } from '../../../shared/emissions/contracts.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const wind = { name: 'wind', kind: 'ppa', zone: 'DE', from: '2026-01-01', to: '2027-01-01', mwh_per_hour: 1 };
const mix = { from: '2026-01-01', to: '2027-01-01', grams_per_kwh: 700, source: 'AIB' };

function issuesOf(change: object, nodeZones?: readonly string[], residual: readonly object[] = []) {
  const contracts = parseContracts({
    contracts: [{ ...wind, grams_per_kwh: 0, ...change }],
    residual_mix: residual,
  }) as Contracts;
  return contractIssues(contracts, NOW, nodeZones && new Set(nodeZones.map(zone)));
}

describe('contractIssues', () => {
  it('finds nothing about a contract that matches', () => {
    expect(issuesOf({})).toEqual([]);
    expect(issuesOf({}, ['DE'], [{ ...mix, zone: 'DE' }])).toEqual([]);
  });

  it.each([
    ['a zone that is not known, with the likely one', { zone: 'IT-NORD' }, 'unknown-zone', 'did you mean "IT-NO"?'],
    ['a period that has ended', { to: '2026-06-01' }, 'ended', 'ended at 2026-06-01'],
    ['nothing delivered', { mwh_per_hour: 0 }, 'nothing-delivered', '0 MWh'],
    ['a factor above the average of its zone', { zone: 'FR', grams_per_kwh: 900 }, 'above-location', '900 g/kWh'],
  ])('names %s', (_what, change, reason, text) => {
    expect(issuesOf(change)).toEqual([{ contract: 'wind', reason, problem: expect.stringContaining(text) }]);
  });

  it('names a zone that no node is in once nodes are known, and the zones that they are in', () => {
    expect(issuesOf({}, ['PL', 'FR'])).toEqual([
      { contract: 'wind', reason: 'no-node-in-zone', problem: expect.stringContaining('nodes are in FR, PL') },
    ]);
    expect(issuesOf({}, [])).toEqual([expect.objectContaining({ reason: 'no-node-in-zone' })]);
  });

  it('takes a zone that is in no table where nodes are in it', () => {
    expect(issuesOf({ zone: 'DE-ISLAND' }, ['DE-ISLAND'])).toEqual([]);
  });

  it('names residual mixes that apply nowhere', () => {
    const [one, other] = issuesOf(
      {},
      ['DE'],
      [
        { ...mix, zone: 'FR' },
        { ...mix, zone: 'QQ' },
      ],
    );

    expect(one).toMatchObject({ contract: 'residual_mix of FR', reason: 'no-node-in-zone' });
    expect(other).toMatchObject({ contract: 'residual_mix of QQ', reason: 'unknown-zone' });
  });

  it('takes a factor as high as the average, and a period that ends after now', () => {
    expect(issuesOf({ to: '2026-06-01T00:00:00.001Z' })).toEqual([]);
  });
});
