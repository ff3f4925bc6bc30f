import { describe, expect, it } from 'vitest';
import { nearest } from '../../../shared/grid/nearest.ts';

describe('nearest', () => {
  it('is the choice with the fewest insertions, deletions and replacements, whatever the case', () => {
    expect(nearest('grmany', ['France', 'Germany', 'Spain'])).toBe('Germany');
    expect(nearest(' POLEND ', ['holland', 'poland'])).toBe('poland');
  });

  it('prefers a choice that contains what was written, or is contained in it', () => {
    // One letter replaced is a distance of 1; two letters more, but contained, count half a letter.
    expect(nearest('caiso', ['caisa', 'us-caiso'])).toBe('caisa');
    expect(nearest('caiso', ['caisa', 'caiso-x'])).toBe('caiso-x');
    expect(nearest('caiso-1', ['caiso', 'ceisa-1'])).toBe('caiso');
    // A single letter is in most names.
    expect(nearest('a', ['ab', 'b'])).toBe('ab');
    expect(nearest('x', ['xyz', 'ab'])).toBe('xyz');
  });

  it('is the first of those alike, and nothing of no choices', () => {
    expect(nearest('aa', ['ab', 'ac'])).toBe('ab');
    expect(nearest('aa', ['ac', 'ab'])).toBe('ac');
    expect(nearest('aa', [])).toBeUndefined();
  });
});
