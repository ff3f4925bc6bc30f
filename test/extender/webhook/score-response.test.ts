import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeScores } from '../../../extender/webhook/score-response.ts';

/** Names in the JSON of their array, as known names find them. */
function inText(names: readonly string[]) {
  const json = Buffer.from(JSON.stringify(names));
  const starts = new Int32Array(names.length);
  let at = 1;
  for (const [index, name] of names.entries()) {
    starts[index] = at + 1;
    at += name.length + 3;
  }
  const ends = starts.map((start, index) => start + (names[index] as string).length);
  return { json, count: names.length, starts, ends };
}

describe('the response with scores', () => {
  it('is what JSON writes, for names of every length and every score', () => {
    const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '0'), maxLength: 40 }));

    fc.assert(
      fc.property(names, fc.nat(10), (hosts, first) => {
        const scores = hosts.map((_, index) => (first + index) % 11);

        const response = encodeScores(inText(hosts), scores);

        expect(response.toString()).toBe(JSON.stringify(hosts.map((Host, index) => ({ Host, Score: scores[index] }))));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves out names that a list repeats', () => {
    const { json, starts, ends } = inText(['aa', 'aa', 'b']);
    const kept = [0, 2];
    const list = {
      json,
      count: 2,
      starts: starts.filter((_, at) => kept.includes(at)),
      ends: ends.filter((_, at) => kept.includes(at)),
    };

    expect(encodeScores(list, [10, 3]).toString()).toBe('[{"Host":"aa","Score":10},{"Host":"b","Score":3}]');
  });
});
