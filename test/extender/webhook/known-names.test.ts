import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeView } from '../../../extender/placement/candidate-table.ts';
import { createKnownNames } from '../../../extender/webhook/known-names.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
/** Few letters, so that names share prefixes, lengths and hashes. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', ' ', ','), maxLength: 4 });

describe('known names', () => {
  it('reads what parsing reads, each name once, whatever was read before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(name, { maxLength: 12 }), { maxLength: 8 }), (lists) => {
        const known = createKnownNames(100);

        for (const names of lists) expect(namesIn(known, json(names))).toEqual([...new Set(names)]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no text that is not the JSON of an array of strings', () => {
    const text = '["a","ab","b"]';
    const known = createKnownNames();

    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'[]",ab\\ x'), (at, character) => {
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        const read = namesIn(known, Buffer.from(changed));

        // A backslash that escapes a letter is valid JSON too, and left to the parser.
        if (read === undefined) expect(changed.includes('\\') ? [] : parsed(changed)).toEqual([]);
        else expect(read).toEqual(parsed(changed));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['an escape', ['quote"']],
    ['a character beyond ASCII', ['ü']],
    ['a lone surrogate', ['\ud800']],
    ['a name longer than Kubernetes allows', ['a'.repeat(254)]],
  ])('leaves %s to the parser', (_, names) => {
    expect(createKnownNames().read(json(names))).toBeUndefined();
  });

  it('leaves white space, control characters and torn text to the parser', () => {
    const known = createKnownNames();

    const texts = [
      '["a", "b"]',
      ' ["a"]',
      '["a\u0001"]',
      '["a"',
      '["a","b]',
      '["a",]',
      '["a"]]',
      '{"a":1}',
      '[',
      '[1]',
      '',
    ];

    for (const text of texts) expect(known.read(Buffer.from(text)), text).toBeUndefined();
  });

  it('encodes scores from 0 to 10 as kube-scheduler decodes them', () => {
    const known = createKnownNames();
    const names = Array.from({ length: 11 }, (_, score) => `node-${score}`);
    const places = known.read(json(names)) ?? new Int32Array(0);

    const response = known.encodeScores(places, [...names.keys()]);

    expect(response.toString()).toBe(JSON.stringify(names.map((Host, Score) => ({ Host, Score }))));
    expect(known.encodeScores(new Int32Array(0), []).toString()).toBe('[]');
  });

  it('looks a node up once in each view, and again in the next', () => {
    const known = createKnownNames();
    const asked: string[] = [];
    const [first, second] = [view(asked, 'first'), view(asked, 'second')];
    const places = known.read(json(['a', 'b'])) ?? new Int32Array(0);

    for (const each of [first, first, second]) known.candidates(places, each);

    expect(asked).toEqual(['first a', 'first b', 'second a', 'second b']);
  });

  it('keeps candidates that later lists, later views and a new table leave alone', () => {
    const known = createKnownNames(4);
    const candidatesOf = (names: readonly string[], title: string) =>
      known.candidates(known.read(json(names)) ?? new Int32Array(0), view([], title));
    const kept = candidatesOf(['b', 'a'], 'first').keep();

    for (const names of [['c', 'a'], ['d'], ['x', 'y']]) candidatesOf(names, 'second').keep();

    expect(kept.nodes().map(({ name }) => name)).toEqual(['b', 'a']);
    expect(kept.bytes).toBe(4);
  });

  it('forgets all names when it is full, and reads on', () => {
    const known = createKnownNames(3);

    const lists = [['a', 'b'], ['c', 'd'], ['e', 'a'], ['f'], ['a', 'b', 'c', 'd']];
    const read = lists.map((names) => namesIn(known, json(names)));

    // The second list needs a fourth name: it is left to the parser, and the third begins anew.
    expect(read).toEqual([['a', 'b'], undefined, ['e', 'a'], ['f'], undefined]);
  });
});

function namesIn(known: ReturnType<typeof createKnownNames>, bytes: Buffer): readonly string[] | undefined {
  const places = known.read(bytes);
  return places && known.candidates(places, view([], '')).nodes.map((candidate) => candidate.name);
}

function view(asked: string[], title: string): NodeView {
  return {
    kind: 'missing',
    snapshot: undefined,
    candidate(node) {
      asked.push(`${title} ${node.name}`);
      return { name: node.name, zone: undefined, intensity: undefined, watts: undefined };
    },
  };
}

function parsed(text: string): readonly unknown[] {
  try {
    return [...new Set(JSON.parse(text) as string[])];
  } catch {
    return [];
  }
}
