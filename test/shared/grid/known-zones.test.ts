import { describe, expect, it } from 'vitest';
import { isKnownZone, likelyName, zoneProblem } from '../../../shared/grid/known-zones.ts';
import { zone } from '../../../shared/grid/zones.ts';

describe('isKnownZone', () => {
  it.each(['DE', 'US-CAL-CISO', 'GB-13', 'US-NY-NYISO', 'eu-central-1'])('knows %s', (name) => {
    expect(isKnownZone(zone(name))).toBe(true);
  });

  it.each(['US-EAST-9', 'FR-ZZ', 'GB-18', 'ZZ'])('does not take the country of %s for it', (name) => {
    expect(isKnownZone(zone(name))).toBe(false);
  });
});

describe('likelyName', () => {
  it.each([
    ['DK_1', 'DK-DK1'],
    ['dk_2', 'DK-DK2'],
    ['SE_4', 'SE-SE4'],
    ['NO2', 'NO-NO2'],
    ['DE_LU', 'DE'],
    ['DE-LU', 'DE'],
    ['IT_NORD', 'IT-NO'],
    ['10Y1001A1001A83F', 'DE'],
    ['IE-SEM', 'IE'],
    ['10YCZ-CEPS-----N', 'CZ'],
    ['10YDE-RWENET---I', 'DE'],
    ['10YNO-2--------T', 'NO-NO2'],
    ['10Y1001A1001A46L', 'SE-SE3'],
    ['10YCS-SERBIATSOV', 'RS'],
    ['germany', 'DE'],
    ['AUS-NSW', 'AU-NSW'],
    ['IN-DL', 'IN-NO'],
    ['US-TVA', 'US-TEN-TVA'],
    ['us-esat-1', 'us-east-1'],
  ])('finds what %s means', (given, meant) => {
    expect(likelyName(given)).toBe(meant);
  });
});

it('takes a last part only where one zone of the country has it, and a number only where that zone is known', () => {
  // Nothing but the nearest name is left: neither is a guess at a zone of the part or number.
  expect(likelyName('US-XYZ')).not.toMatch(/XYZ/);
  expect(likelyName('SE_9')).not.toBe('SE-SE9');
  expect(likelyName('NO-7')).not.toBe('NO-NO7');
});

it('means nothing by an area code that is not known, however near it is to a region', () => {
  expect(likelyName('10Y1001A1001A999')).toBeUndefined();
});

describe('zoneProblem', () => {
  it('says what is wrong and what was likely meant', () => {
    expect(zoneProblem('DK_1')).toBe('is not a zone code or cloud region; did you mean "DK-DK1"?');
    expect(zoneProblem('DE-LU')).toBe('is not a known zone; did you mean "DE"?');
  });

  it('lists the choices where providers have different regions of one name', () => {
    expect(zoneProblem('eu-west-1')).toBe(
      'is a region of several cloud providers; write alibaba/eu-west-1 (GB) or aws/eu-west-1 (IE)',
    );
  });
});
