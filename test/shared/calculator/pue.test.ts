import { describe, expect, it } from 'vitest';
import { readPue } from '../../../shared/calculator/pue.ts';

describe('readPue', () => {
  it.each(['1', '1.2', '5'])('takes %s as given', (text) => {
    expect(readPue(text, undefined)).toEqual({ value: Number(text), source: 'given' });
  });

  it('takes the fleet average of the provider, and names it', () => {
    expect(readPue(' Auto ', 'gcp')).toEqual({ value: 1.1, source: 'fleet average of gcp' });
  });

  it.each([
    ['0.99', 'a PUE from 1 to 5', '1'],
    ['5.01', 'a PUE from 1 to 5', '5'],
    ['', 'empty', '1.2 or auto'],
    ['0x2', 'hexadecimal', '1.2 or auto'],
    ['low', 'text', '1.2 or auto'],
  ])('refuses %s (%s) and names %s', (text, _, nearest) => {
    expect(() => readPue(text, undefined)).toThrow(
      expect.objectContaining({ code: 'PUE_INVALID', facts: expect.objectContaining({ nearest }) }),
    );
  });

  it('refuses auto where the provider is not known, with those that are', () => {
    expect(() => readPue('auto', undefined)).toThrow(/aws, azure, gcp/);
    expect(() => readPue('auto', 'own')).toThrow(expect.objectContaining({ code: 'PUE_NOT_KNOWN' }));
  });
});
