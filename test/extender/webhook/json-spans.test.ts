import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueBytes } from '../../../extender/webhook/json-spans.ts';

describe('valueBytes', () => {
  it('finds every value of any object as it was written', () => {
    const blank = fc.constantFrom('', ' ', '\n\t ');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), blank, (object, space) => {
        const entries = Object.entries(object).map(
          ([key, value]) => `${space}${JSON.stringify(key)}${space}:${space}${JSON.stringify(value)}${space}`,
        );

        const found = valueBytes(Buffer.from(`${space}{${entries.join(',') || space}}${space}`));

        expect([...found.keys()].sort()).toEqual(Object.keys(object).sort());
        for (const [key, bytes] of found) expect(bytes.toString()).toBe(JSON.stringify(object[key]));
      }),
      { numRuns: 2_000 },
    );
  });

  it('lets the last of equal keys win', () => {
    const found = valueBytes(Buffer.from('{"a":1,"\\u0061":[2]}'));

    expect(found.get('a')?.toString()).toBe('[2]');
  });
});
