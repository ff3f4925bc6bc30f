import { describe, expect, it } from 'vitest';
import { effectiveMode, readMode } from '../../../extender/placement/mode.ts';

const MODE = 'carbon-extender.io/mode';

describe('the mode', () => {
  it('is off for what asks to be skipped, else that of its namespace, else that of the cluster', () => {
    const cluster = 'enforce';

    expect(effectiveMode({ skip: true, namespace: 'enforce', cluster })).toBe('off');
    expect(effectiveMode({ skip: false, namespace: 'advise', cluster })).toBe('advise');
    expect(effectiveMode({ namespace: 'enforce', cluster: 'off' })).toBe('enforce');
    expect(effectiveMode({ cluster: 'advise' })).toBe('advise');
  });

  it('is read from a namespace in any case, and named where it is not one', () => {
    expect(readMode({ [MODE]: ' Advise ' })).toEqual({ mode: 'advise', invalid: [] });
    expect(readMode({})).toEqual({ mode: undefined, invalid: [] });
    expect(readMode({ [MODE]: 'on' })).toEqual({
      mode: undefined,
      invalid: [{ annotation: MODE, value: 'on', problem: 'is not one of enforce, advise, off' }],
    });
  });
});
