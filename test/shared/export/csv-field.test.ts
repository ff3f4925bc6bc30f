import { describe, expect, it } from 'vitest';
import { csvField } from '../../../shared/export/csv-field.ts';

describe('csvField', () => {
  it.each(['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\t=1', '＝1', '＋1', '－1', '＠a', '-1e400x'])(
    'keeps a spreadsheet from running %j',
    (text) => {
      expect(csvField(text)).toBe(`'${text}`);
    },
  );

  it.each(['\r=1', '\n=1'])('keeps a spreadsheet from running %j after a line break', (text) => {
    expect(csvField(text)).toBe(`"'${text}"`);
  });

  it.each(['-1', '-0.5', '1e+21', '-1.5e-7', 'web-1', 'a=b', ''])('leaves %j as it is', (text) => {
    expect(csvField(text)).toBe(text);
  });

  it('quotes commas, quotes and line breaks as RFC 4180 has it', () => {
    expect(['a,b', 'a"b', 'a\nb'].map(csvField)).toEqual(['"a,b"', '"a""b"', '"a\nb"']);
  });
});
