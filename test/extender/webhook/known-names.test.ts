import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNameIndex } from '../../../extender/webhook/name-index.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
/** Few letters, so that names share prefixes, lengths and hashes. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '-', ' ', ','), maxLength: 4 });

describe('the index of names', () => {
  it('knows its names again in every order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (names, order) => {
        const index = createNameIndex(names);
        const turned = names
          .map((text) => ({ text, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ text }) => text);

        expect(index?.(json(turned))).toBe(true);
        expect(index?.(json(turned))).toBe(true);
      }),
    );
  });

  it('says yes to no other list of names, repeated ones included', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 6 }), fc.array(name, { maxLength: 6 }), (names, asked) => {
        const index = createNameIndex(names);

        const same =
          asked.length === names.length &&
          new Set(asked).size === names.length &&
          asked.every((text) => names.includes(text));
        expect(index?.(json(asked))).toBe(same);
      }),
      { numRuns: 5_000 },
    );
  });

  it('says yes to no text that is not the JSON of its names', () => {
    const names = ['a', 'b', 'ab'];
    const text = '["a","ab","b"]';
    const index = createNameIndex(names);
    expect(index?.(Buffer.from(text))).toBe(true);

    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'[]",ab\\ x'), (at, character) => {
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;

        expect(index?.(Buffer.from(changed))).toBe(changed === text);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves names that JSON escapes to the parser', () => {
    expect(createNameIndex(['a', 'quote"'])).toBeUndefined();
    expect(createNameIndex(['\ud800'])).toBeUndefined();
  });
});
