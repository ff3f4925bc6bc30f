// Flow: ticks, chunks and energy through their codecs and back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitByHour } from '../../../../shared/store/blocks.ts';
import {
  decodeChunk,
  decodeTimeline,
  encodeChunk,
  encodeTimeline,
} from '../../../../shared/store/sqlite/chunk-codec.ts';
import { decodeTick, encodeTick, type StoredSample } from '../../../../shared/store/sqlite/tick-codec.ts';

const HOUR = Date.parse('2026-01-01T12:00:00Z');
const energy = fc.integer({ min: 0, max: 2 ** 50 });

describe('the packed forms', () => {
  it('give back every tick, with several intervals and large numbers', () => {
    const sample = fc.record({
      series: fc.integer({ min: 1, max: 1_000_000 }),
      length: fc.integer({ min: 1, max: 40_000_000 }),
      age: fc.integer({ min: 0, max: 10_000 }),
      millijoules: energy,
    });
    fc.assert(
      fc.property(fc.uniqueArray(sample, { selector: ({ series }) => series }), (given) => {
        const samples = given.map(({ series, length, age, millijoules }): StoredSample => {
          return { series, start: HOUR - age - length, end: HOUR - age, millijoules };
        });
        const read: StoredSample[] = [];

        decodeTick(HOUR, encodeTick(HOUR, samples), (series, start, end, millijoules) =>
          read.push({ series, start, end, millijoules }),
        );

        expect(read).toEqual([...samples].sort((a, b) => a.series - b.series));
      }),
    );
  });

  it('give back every chunk, dense, with holes, and with samples of the same interval', () => {
    const ends = Array.from({ length: 300 }, (_, n) => HOUR + n * 15_000 + (n % 7));
    const timeline = { starts: ends.map((end, n) => end - 15_000 - (n % 5)), ends };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(299), energy), { minLength: 1 }), (pairs) => {
        const sorted = pairs.sort(([a], [b]) => a - b);
        const chunk = { positions: sorted.map(([at]) => at), millijoules: sorted.map(([, value]) => value) };
        const read: [number, number][] = [];

        const unpacked = decodeTimeline(HOUR, encodeTimeline(HOUR, timeline));
        decodeChunk(encodeChunk(chunk), unpacked, (_start, _end, value, position) => read.push([position, value]));

        expect(unpacked).toEqual(timeline);
        expect(read).toEqual(sorted);
      }),
    );
  });

  it('share energy among hours without losing a millijoule', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000_000 }),
        fc.integer({ min: 1, max: 20_000_000 }),
        energy,
        (at, ms, mj) => {
          let sum = 0;
          let covered = 0;

          splitByHour(HOUR + at, HOUR + at + ms, mj, (_hour, share, part) => {
            sum += share;
            covered += part;
          });

          expect([sum, covered]).toEqual([mj, ms]);
        },
      ),
    );
  });
});
