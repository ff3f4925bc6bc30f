import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../extender/api/byte-writer.ts';

const written = (write: (writer: ByteWriter) => void): string => {
  const writer = new ByteWriter();
  write(writer);
  return writer.take().toString();
};
const number = (value: number) => written((writer) => writer.number(value));

describe('ByteWriter', () => {
  it('writes a decimal of up to 15 digits as it is', () => {
    const decimal = fc.tuple(fc.bigInt({ min: 1n, max: 999_999_999_999_999n }), fc.integer({ min: -22, max: 0 }));

    fc.assert(
      fc.property(decimal, ([digits, exponent]) => {
        const value = Number(`${digits}e${exponent}`);

        expect(Number(number(value))).toBe(value);
        if (value >= 1e-6) expect(number(value)).toBe(String(value));
      }),
      { numRuns: 5_000 },
    );
  });

  it('writes any double as JSON, off by less than half a unit of the 15th digit', () => {
    const double = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ noNaN: true, min: 1e-9, max: 1e16 }),
    );

    fc.assert(
      fc.property(double, (value) => {
        const read: number = JSON.parse(number(value));

        expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.abs(value) * 5.1e-15);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    [0, '0'],
    [-1.5, '-1.5'],
    [0.1 + 0.2, '0.3'],
    [10 - 1e-15, '10'],
    [123_456_789_012_345.6, '123456789012345.6'],
    [1 - 1e-16, '1'],
    [99_999_999_999_999.98, '100000000000000'],
    [1e-8, '0.00000001'],
    [1.5e-9, '1.5e-9'],
    [1e21, '1e+21'],
  ])('writes %d as %s', (value, text) => {
    expect(number(value)).toBe(text);
  });

  it('writes any times in any order as a date does', () => {
    const near = fc.integer({ min: 1_767_225_000_000, max: 1_767_225_200_000 });
    const far = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });

    fc.assert(
      fc.property(fc.array(fc.oneof(near, far), { minLength: 1 }), (times) => {
        const texts = written((writer) => {
          for (const time of times) writer.time(time);
        });

        expect(texts).toBe(times.map((time) => new Date(time).toISOString()).join(''));
      }),
    );
  });

  it('keeps everything of pieces that are longer than its room', () => {
    const long = Buffer.alloc(300_000, 'ab');
    const writer = new ByteWriter();
    writer.number(1.25);
    writer.bytes(long);
    writer.time(0);

    expect(writer.length).toBe(4 + long.length + 24);
    expect(writer.take().toString()).toBe(`1.25${long}1970-01-01T00:00:00.000Z`);
    expect(writer.take()).toHaveLength(0);
  });

  it('writes what is not finite as null', () => {
    const writer = new ByteWriter();
    for (const value of [Infinity, -Infinity, Number.NaN]) {
      writer.number(value);
      writer.bytes(Buffer.from(' '));
    }

    expect(writer.take().toString()).toBe('null null null ');
  });
});
