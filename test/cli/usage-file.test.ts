import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCsv, readUsage } from '../../cli/usage-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Buffer): string {
  const file = join(folder, 'usage.csv');
  writeFileSync(file, content);
  return file;
}

const ROW = { hour: '2026-01-01T10:00:00Z', requests: '1500.5' };

const JANUARY = { from: Date.parse('2026-01-01'), to: Date.parse('2026-02-01') };

describe('a CSV file', () => {
  it.each([
    ['with commas', 'hour,requests\n2026-01-01T10:00:00Z,1500.5\n'],
    ['of a European Excel', '\ufeffhour;requests\r\n2026-01-01T10:00:00Z;1500,5\r\n'],
    ['with tabs', 'hour\trequests\n2026-01-01T10:00:00Z\t1500.5\n'],
    ['in UTF-16 (little endian)', Buffer.from('\ufeffhour;requests\r\n2026-01-01T10:00:00Z;1500,5\r\n', 'utf16le')],
    ['with its separator named', '\ufeffsep=;\r\nhour;requests\r\n2026-01-01T10:00:00Z;1500,5\r\n'],
    ['with names in another case', 'Hour;Requests\n2026-01-01T10:00:00Z;1500,5\n'],
    ['with spaces between thousands', 'hour;requests\n2026-01-01T10:00:00Z;1\u202f500,5\n'],
    ['with apostrophes between thousands', "hour,requests\n2026-01-01T10:00:00Z,1'500.5\n"],
    ['with blank lines before its header', '\n \nhour;requests\n2026-01-01T10:00:00Z;1500,5\n'],
    ['with rows that are empty', 'hour;requests\n2026-01-01T10:00:00Z;1500,5\n;\n\n'],
    ['with line ends of old Macs', 'hour;requests\r2026-01-01T10:00:00Z;1500,5\r'],
    ['in UTF-16 without a mark', Buffer.from('hour;requests\r\n2026-01-01T10:00:00Z;1500,5\r\n', 'utf16le')],
    ['in UTF-16 (big endian)', Buffer.from('\ufeffhour,requests\n2026-01-01T10:00:00Z,1500.5\n', 'utf16le').swap16()],
  ])('%s is read', (_, content) => {
    expect(readCsv(fileOf(content), ['hour', 'requests'])).toEqual([{ line: expect.any(Number), fields: ROW }]);
  });

  it('in Windows-1252 is read with its umlauts', () => {
    const file = fileOf(Buffer.from('dienst;name\r\nä;Größe\r\n', 'latin1'));

    expect(readCsv(file, ['dienst'])).toMatchObject([{ fields: { dienst: 'ä', name: 'Größe' } }]);
  });

  it('with exponents after decimal commas is read', () => {
    expect(readCsv(fileOf('hour;requests\nx;1,5E+03\n'), ['hour'])).toMatchObject([
      { fields: { hour: 'x', requests: '1.5E+03' } },
    ]);
  });

  it('that is a workbook is refused as one', () => {
    const file = fileOf(Buffer.from('504b030414000600', 'hex'));

    expect(() => readCsv(file, ['hour'])).toThrow('it is a workbook; save it as CSV');
  });

  it.each(['1.500', '1.500,5', '12.345.678'])('with semicolons and %s is refused with its line', (requests) => {
    const file = fileOf(`hour;requests\n2026-01-01T10:00:00Z;2\n2026-01-01T11:00:00Z;${requests}\n`);

    expect(() => readCsv(file, ['hour', 'requests'])).toThrow(`line 3: "${requests}" in requests`);
  });

  it.each([
    ['a named separator', 'sep=;\r\nhour;requests\r\na;1\r\nb;2\r\n', [3, 4]],
    ['a named separator and line ends of old Macs', 'sep=;\rhour;requests\ra;1\r\rb;2\r', [3, 5]],
    ['blank lines before and after the header', '\nhour,requests\n\na,1\nb,2\n', [4, 5]],
    ['rows of empty cells', 'hour;requests\na;1\n;\n\nb;2\n', [2, 5]],
    ['line breaks within cells', 'hour,requests\n"a\r\nz",1\n"b",2\n', [2, 4]],
  ])('with %s gives the lines that its rows start in', (_, content, lines) => {
    expect(readCsv(fileOf(content), ['hour']).map(({ line }) => line)).toEqual(lines);
  });

  it('with a broken row is refused with the line of the file, whatever comes before it', () => {
    expect(() => readCsv(fileOf('sep=;\nhour;requests\n\na;1;2\n'), ['hour'])).toThrow('line 4');
  });

  it.each(['0x10', '1e309', '-5', 'Infinity', '1_000', '5\0'])(
    'with %j for a number is refused with its line',
    (requests) => {
      const file = fileOf(`hour,requests\n2026-01-01T10:00:00Z,"${requests}"\n`);

      expect(() => readUsage(file, JANUARY)).toThrow('line 2: requests');
    },
  );

  it('with a header that has a column twice is refused: which of both counts would be a guess', () => {
    const file = fileOf('hour;requests;Requests\n2026-01-01T10:00:00Z;1;2\n');

    expect(() => readUsage(file, JANUARY)).toThrow('its header has requests twice');
  });

  it('with other columns of one name is read', () => {
    expect(readUsage(fileOf('hour,requests,note,note\n2026-01-01T10:00:00Z,1,a,b\n'), JANUARY)).toHaveLength(1);
  });

  it('in UTF-16 with line breaks in quotes, and a space instead of the T of its times, is read', () => {
    const text =
      '\ufeffhour;Requests;"note\r\nof line"\r\n2026-01-01 10:00:00;"1 234,5";"a\nb;c"\r\n"2026-01-01 11:00";7;😀\r\n';

    expect(readUsage(fileOf(Buffer.from(text, 'utf16le').swap16()), JANUARY)).toEqual([
      { hour: Date.parse('2026-01-01T10:00:00Z'), amount: 1234.5 },
      { hour: Date.parse('2026-01-01T11:00:00Z'), amount: 7 },
    ]);
  });

  it('with a time that is none is refused with its line', () => {
    expect(() => readUsage(fileOf('hour,requests\n2026-01-01T10:00:00Z,1\n2026-02-30 10:00,1\n'), JANUARY)).toThrow(
      /usage.csv: line 3: .*"2026-02-30T10:00"/,
    );
  });

  it('with requests that are not a number is refused with the line of the file', () => {
    const period = { from: 0, to: Date.parse('2100-01-01') };
    const file = fileOf('sep=;\nhour;requests\n;\n\n2026-01-01T10:00:00Z;many\n');

    expect(() => readUsage(file, period)).toThrow('line 5: requests');
  });
});
