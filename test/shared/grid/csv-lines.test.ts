import { describe, expect, it } from 'vitest';
import { csvLines, csvNumber } from '../../../shared/grid/csv-lines.ts';

describe('the lines of a CSV text', () => {
  it('keep their place in the file, whichever ends they have, without blank ones and a byte order mark', () => {
    expect(csvLines('\uFEFFa,b\r\n\r\n1,2\r3,4\n \n5,6')).toEqual([
      { line: 1, text: 'a,b' },
      { line: 3, text: '1,2' },
      { line: 4, text: '3,4' },
      { line: 6, text: '5,6' },
    ]);
  });
});

describe('a figure of a cell', () => {
  it('is a decimal number of at least 0, with blanks around it', () => {
    expect(['0', ' 1.5 ', '.5', '2.', '+3', '1e3', '4E-1'].map(csvNumber)).toEqual([0, 1.5, 0.5, 2, 3, 1000, 0.4]);
  });

  it('is nothing else that JavaScript takes for a number', () => {
    for (const cell of ['', ' ', '-1', '-0', '1e999', 'NaN', 'Infinity', '0x10', '0b1', '1_000', '1,5', '12 g', '.'])
      expect(csvNumber(cell), cell).toBeUndefined();
  });
});
