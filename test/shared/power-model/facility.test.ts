import { describe, expect, it } from 'vitest';
import { zone } from '../../../shared/grid/zones.ts';
import { type FacilitySettings, facilityOf } from '../../../shared/power-model/facility.ts';

const DE = zone('DE');
const MACHINES = new Map([
  ['known', { cloud: 'aws', instanceType: 'm5.xlarge', region: 'eu-central-1' }],
  ['newer', { cloud: 'aws', instanceType: 'm9i.xlarge', region: 'eu-west-3' }],
  ['metal', { vcpus: 8 }],
]);

describe('the PUE of a node', () => {
  it.each([
    ['known', {}, 1.35, 'aws/eu-central-1, published for 2024'],
    ['newer', {}, 1.135, 'fleet average of aws'],
    ['known', { '': 1.5 }, 1.5, 'PUE'],
    ['known', { '': 1.5, DE: 1.4 }, 1.4, 'PUE of DE'],
    ['known', { '': 1.5, DE: 1.4, 'aws/eu-central-1': 1.3 }, 1.3, 'PUE of aws/eu-central-1'],
    ['known', { '': 1.5, DE: 1.4, 'aws/eu-central-1': 1.3, known: 1.2 }, 1.2, 'PUE of known'],
    ['stranger', { '': 1.5 }, 1.5, 'PUE'],
  ])('of %s with %j is %d', (node, pue, value, source) => {
    expect(facility({ pue: new Map(Object.entries(pue)) }).pueOf(node, DE)).toEqual({ value, source });
  });

  it('is not known where neither the settings nor a table have it', () => {
    expect(facility({}).pueOf('metal', DE)).toBeUndefined();
    expect(facility({}).pueOf('stranger', undefined)).toBeUndefined();
  });
});

describe('the making of a node', () => {
  it('is spread over the hours of its life', () => {
    // 67.12 kg of four years of 8766 hours.
    expect(facility({}).embodiedPerHour('known')?.value).toBeCloseTo(67_120 / 35_064, 9);
    expect(facility({ lifetimeYears: 8 }).embodiedPerHour('known')?.value).toBeCloseTo(67_120 / 70_128, 9);
  });

  it('of a newer type is that of an older generation, which its source says', () => {
    expect(facility({}).embodiedPerHour('newer')?.source).toMatch(/^aws:~m\d/);
  });

  it.each([
    [{ '': 1000 }, 'metal', 1000, 'EMBODIED_KG'],
    [{ '': 1000, metal: 500 }, 'metal', 500, 'EMBODIED_KG of metal'],
    [{ 'aws:m5.xlarge': 40 }, 'known', 40, 'EMBODIED_KG of aws:m5.xlarge'],
  ])('with %j of %s is %d kg', (kg, node, value, source) => {
    const found = facility({ embodiedKg: new Map(Object.entries(kg)) }).embodiedPerHour(node);

    expect(found?.source).toBe(source);
    expect(found?.value).toBeCloseTo((value * 1000) / 35_064, 9);
  });

  it('is not known where neither the settings nor a table have it', () => {
    expect(facility({}).embodiedPerHour('metal')).toBeUndefined();
    expect(facility({}).embodiedPerHour('stranger')).toBeUndefined();
  });

  it('is not known of energy without a node, which may be of several machines', () => {
    expect(facility({ embodiedKg: new Map([['', 1000]]) }).embodiedPerHour('')).toBeUndefined();
  });
});

function facility(settings: Partial<FacilitySettings>) {
  return facilityOf(MACHINES, { pue: new Map(), embodiedKg: new Map(), lifetimeYears: 4, ...settings });
}
