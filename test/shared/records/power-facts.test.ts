import { describe, expect, it } from 'vitest';
import type { Container } from '../../../shared/records/power.ts';
import { fromPowerFacts, powerFactsOf, samePowerFacts } from '../../../shared/records/power-facts.ts';

const NAMES = { namespace: 'shop', pod: 'web', container: 'main', node: 'n' };
const CALIBRATION = { factor: 1.1, source: 'meter', at: 5, low: 0.9, high: 1.2 } as const;
const MODEL = { name: 'm', low: 0.8, high: 1.3, calibration: CALIBRATION };
const modelled = (change: object = {}): Container => ({
  ...NAMES,
  ...{ powerQuality: 'modelled', powerModel: { ...MODEL, ...change } },
});

describe('how power is known', () => {
  it.each([NAMES, modelled(), modelled({ calibration: undefined }), { ...NAMES, powerQuality: 'simulated' as const }])(
    'is read as it was written: %j',
    (container) => {
      const { powerQuality, powerModel } = container as Container;

      expect(fromPowerFacts(powerFactsOf(container))).toEqual(JSON.parse(JSON.stringify({ powerQuality, powerModel })));
    },
  );

  it('is the same only where quality, model, bounds and correction are', () => {
    expect(samePowerFacts(NAMES, { ...NAMES, powerQuality: 'measured' })).toBe(true);
    expect(samePowerFacts(modelled(), modelled())).toBe(true);
    for (const other of [
      NAMES,
      { ...modelled(), powerQuality: 'measured' as const },
      ...[{ name: 'x' }, { low: 0.7 }, { high: 1.4 }, { calibration: undefined }].map(modelled),
      modelled({ calibration: { ...CALIBRATION, at: 6 } }),
      modelled({ calibration: { ...CALIBRATION, factor: 1.2 } }),
    ])
      expect(samePowerFacts(modelled(), other)).toBe(false);
  });
});
