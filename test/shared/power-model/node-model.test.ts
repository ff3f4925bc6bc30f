import { describe, expect, it } from 'vitest';
import { type MachineFacts, nodePowerModels, wattsAt } from '../../../shared/power-model/node-model.ts';

const modelOf = nodePowerModels();
const model = (facts: MachineFacts) => {
  const found = modelOf(facts);
  if (found === undefined) throw new Error('no model');
  return found;
};

describe('the model of a node', () => {
  it.each<[MachineFacts, string]>([
    [{ cloud: 'aws', instanceType: 'm5.xlarge' }, 'aws:m5.xlarge'],
    [{ cloud: 'aws', instanceType: 'm7i.xlarge' }, 'aws:~m6i.xlarge'],
    [{ cloud: 'aws', instanceType: 'm7g.2xlarge' }, 'aws:~m6g.2xlarge'],
    [{ cloud: 'gcp', instanceType: 'e2-standard-4' }, 'gcp:e2-standard-4'],
    [{ cloud: 'azure', instanceType: 'Standard_D2s_v3' }, 'azure:Standard_D2s_v3'],
    [{ cloud: 'aws', instanceType: 'zz9.large', vcpus: 2 }, 'generic'],
    [{ instanceType: 'm5.xlarge', vcpus: 4 }, 'generic'],
    [{ vcpus: 8, memoryGb: 32 }, 'generic'],
    [{ vcpus: 8, family: 'Cascade Lake' }, 'cpu:Cascade Lake'],
    [{ vcpus: 8, family: 'Unheard Lake' }, 'generic'],
  ])('of %j is %s', (facts, name) => {
    expect(model(facts).name).toBe(name);
  });

  it('is unknown where neither a known type nor the number of CPUs is', () => {
    expect(modelOf({ cloud: 'aws', instanceType: 'zz9.large' })).toBeUndefined();
    expect(modelOf({ vcpus: 0 })).toBeUndefined();
  });

  it('never stands an Arm machine in for an Intel one, nor the other way round', () => {
    expect(model({ cloud: 'aws', instanceType: 'm8g.xlarge' }).name).toMatch(/^aws:~m\dg\./);
    expect(model({ cloud: 'aws', instanceType: 'm8i.xlarge' }).name).toMatch(/^aws:~m\di?\./);
  });

  it('takes the published watts of a machine type as they are', () => {
    expect(model({ cloud: 'aws', instanceType: 'm5.xlarge' })).toMatchObject({
      vcpus: 4,
      memoryGb: 16,
      watts: { idle: 8.82, at10: 13.96, at50: 28.24, full: 39.91 },
      memoryWatts: 2.41,
    });
  });

  it('has wider bounds where a type may run on several microarchitectures', () => {
    const one = model({ vcpus: 4, family: 'Skylake' }).dynamicBounds;
    const several = model({ cloud: 'gcp', instanceType: 'e2-standard-4' }).dynamicBounds;

    expect(several.low).toBeLessThan(one.low);
    expect(several.high).toBeGreaterThan(one.high);
  });

  it('adds the power of memory beyond what servers have for a thread, and gives memory no more than is drawn idle', () => {
    const small = model({ vcpus: 4, memoryGb: 4 });
    const large = model({ vcpus: 4, memoryGb: 64 });

    expect(large.watts.idle - small.watts.idle).toBeCloseTo(0.38 * (64 - 4 * 1.7), 9);
    expect(small.memoryWatts).toBeCloseTo(0.38 * 4, 9);
    expect(large.memoryWatts).toBe(large.watts.idle);
  });
});

describe('watts at a utilisation', () => {
  const m5 = model({ cloud: 'aws', instanceType: 'm5.xlarge' });

  it.each([
    [-1, 8.82],
    [0, 8.82],
    [0.05, (8.82 + 13.96) / 2],
    [0.1, 13.96],
    [0.3, (13.96 + 28.24) / 2],
    [0.5, 28.24],
    [0.75, (28.24 + 39.91) / 2],
    [1, 39.91],
    [1.5, 39.91],
  ])('at %d are %d', (utilisation, watts) => {
    expect(wattsAt(m5, utilisation)).toBeCloseTo(watts, 9);
  });
});
