import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { CalibrationRecord, calibrated } from '../../../shared/power-model/calibration.ts';
import { nodePowerModels } from '../../../shared/power-model/node-model.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const TYPE = 'aws:m5.xlarge';
const one = { node: 'n1', model: TYPE };
const brother = { node: 'n2', model: TYPE };

/** An hour of a node in quarters: 100 J modelled and so many measured in each. */
function hour(
  record: CalibrationRecord,
  hours: number,
  measured: number,
  node = one,
  source: 'meter' | 'kepler' = 'meter',
) {
  for (let quarter = 0; quarter < 4; quarter += 1)
    record.take(node, source, NOON + hours * HOUR_MS + quarter * 900_000, { measured, modelled: 100, seconds: 900 });
}

describe('what measured nodes say about the model of their type', () => {
  it('is nothing before half an hour was measured, and then the ratio of both energies', () => {
    const record = new CalibrationRecord();
    record.take(one, 'meter', NOON, { measured: 80, modelled: 100, seconds: 1_799 });

    const early = record.of(brother, NOON);
    record.take(one, 'meter', NOON, { measured: 80, modelled: 100, seconds: 1 });

    expect(early).toBeUndefined();
    expect(record.of(brother, NOON)).toEqual({ factor: 0.8, source: 'meter', at: NOON + HOUR_MS, low: 0.9, high: 1.1 });
  });

  it('has the spread of the measured hours as its bounds, and never less than a tenth', () => {
    const record = new CalibrationRecord();
    for (let at = 0; at < 10; at += 1) hour(record, at, at < 5 ? 50 : 150);

    const { factor, low = 0, high = 0 } = record.of(brother, NOON + 10 * HOUR_MS) ?? {};

    expect(factor).toBe(1);
    expect(low).toBeCloseTo(0.5, 2);
    expect(high).toBeCloseTo(1.5, 2);
  });

  it('prefers a node’s own measurements, then a meter to Kepler, whatever came last', () => {
    const record = new CalibrationRecord();
    hour(record, 0, 120);
    hour(record, 0, 70, brother, 'kepler');

    expect(record.of(one, NOON)?.factor).toBe(1.2);
    expect(record.of(brother, NOON)?.factor).toBe(0.7);
    expect(record.of({ node: 'n3', model: TYPE }, NOON)).toMatchObject({ factor: 1.2, source: 'meter' });
    expect([...record.ofTypes(NOON)].map(([model]) => model)).toEqual([TYPE]);
  });

  it('says nothing about other nodes of the generic model, which is of no type', () => {
    const record = new CalibrationRecord();
    hour(record, 0, 120, { node: 'n1', model: 'generic' });

    expect(record.of({ node: 'n1', model: 'generic' }, NOON)?.factor).toBe(1.2);
    expect(record.of({ node: 'n2', model: 'generic' }, NOON)).toBeUndefined();
  });

  it('changes once an hour, and forgets what is older than a week', () => {
    const record = new CalibrationRecord();
    hour(record, 0, 100);
    const first = record.of(brother, NOON + HOUR_MS);
    hour(record, 1, 300);

    expect(record.of(brother, NOON + 1.9 * HOUR_MS)).toEqual(first);
    expect(record.of(brother, NOON + 2 * HOUR_MS)?.factor).toBe(2);
    hour(record, 170, 300);
    expect(record.of(brother, NOON + 171 * HOUR_MS)?.factor).toBe(3);
  });

  it.each([
    [0, 100, 60],
    [100, 0, 60],
    [100, 100, 0],
  ])('ignores %d J measured and %d J modelled in %d s', (measured, modelled, seconds) => {
    const record = new CalibrationRecord();
    record.take(one, 'meter', NOON, { measured, modelled, seconds: seconds * 100 });

    expect(record.of(one, NOON)).toBeUndefined();
  });
});

describe('a corrected model', () => {
  it('has all its watts times the factor, and the spread as its bounds', () => {
    const model = nodePowerModels()({ cloud: 'aws', instanceType: 'm5.xlarge' });
    if (model === undefined) throw new Error('the table has m5.xlarge');
    const calibration = { factor: 0.8, source: 'meter', at: NOON, low: 0.9, high: 1.2 } as const;

    const corrected = calibrated(model, calibration);

    expect(corrected.watts.full).toBeCloseTo(model.watts.full * 0.8, 9);
    expect(corrected.memoryWatts).toBeCloseTo(model.memoryWatts * 0.8, 9);
    expect(corrected.idleBounds).toEqual({ low: 0.9, high: 1.2 });
    expect(corrected.calibration).toBe(calibration);
    expect(calibrated(model, undefined)).toBe(model);
  });
});
