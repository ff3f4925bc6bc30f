import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidates, NodeView } from '../../../extender/placement/candidate-table.ts';
import { createKnownNames, type KnownNames } from '../../../extender/webhook/known-names.ts';
import type { GramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';

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

  it('looks a node up once in each view, and again in the next', () => {
    const known = createKnownNames();
    const asked: string[] = [];
    const [first, second] = [view(asked, 'first'), view(asked, 'second')];
    for (const each of [first, first, second]) candidatesOf(known, ['a', 'b'], each);

    expect(asked).toEqual(['first a', 'first b', 'second a', 'second b']);
  });

  it('keeps candidates that later lists, later views and a new table leave alone', () => {
    const known = createKnownNames(4);
    const kept = candidatesOf(known, ['b', 'a'], view([], 'first')).keep();

    for (const names of [['c', 'a'], ['d'], ['x', 'y']]) candidatesOf(known, names, view([], 'second')).keep();

    expect(kept.nodes().map(({ name }) => name)).toEqual(['b', 'a']);
    expect(kept.bytes).toBe(4);
  });

  it('finds all names again when it grows, for many and for long ones, also within a list that repeats some', () => {
    const known = createKnownNames(10_000);
    const many = Array.from({ length: 3_000 }, (_, at) => `node-${at}`);
    const long = ['a', 'b'.repeat(60), 'a', 'c'.repeat(253), `${'c'.repeat(252)}d`, 'b'.repeat(60)];

    const lists = [many.slice(0, 10), many.flatMap((name) => [name, name]), long, many, [...long, ...many]];
    const read = lists.map((names) => namesIn(known, json(names)));

    expect(read).toEqual(lists.map((names) => [...new Set(names)]));
  });

  it('groups candidates by the zone of their node, and numbers views anew after 65,535 of them', () => {
    const known = createKnownNames();
    const zones: Record<string, Zone | undefined> = { a: 'FR' as Zone, b: undefined, c: 'DE' as Zone, d: 'FR' as Zone };
    const seen = (grams: number): NodeView => ({
      ...view([], ''),
      candidate: ({ name }) => ({
        name,
        zone: zones[name],
        intensity: zones[name] && (grams as GramsPerKwh),
        watts: undefined,
      }),
    });
    const intensitiesIn = (names: readonly string[], each: NodeView) => {
      const { groups, intensities } = candidatesOf(known, names, each);
      return Array.from(groups, (group) => intensities[group]);
    };

    const first = candidatesOf(known, ['b', 'a', 'c', 'd'], seen(50));
    const later: unknown[] = [];
    for (let number = 0; number < 65_540; number++) {
      const names = number === 0 ? ['a'] : ['c'];
      later.push(intensitiesIn(names, seen(number))[0]);
    }

    expect(Array.from(first.groups)).toEqual([0, 1, 2, 1]);
    expect([first.unplaced, first.measured]).toEqual([1, false]);
    expect(later).toEqual([...later.keys()]);
    expect(intensitiesIn(['b', 'a'], seen(7))).toEqual([Number.NaN, 7]);
  });

  it('forgets all names when it is full, and reads on', () => {
    const known = createKnownNames(3);

    const lists = [['a', 'b'], ['c', 'd'], ['e', 'a'], ['f'], ['a', 'b', 'c', 'd']];
    const read = lists.map((names) => namesIn(known, json(names)));

    // The second list needs a fourth name: it is left to the parser, and the third begins anew.
    expect(read).toEqual([['a', 'b'], undefined, ['e', 'a'], ['f'], undefined]);
  });
});

function namesIn(known: KnownNames, bytes: Buffer): readonly string[] | undefined {
  const list = known.read(bytes);
  return (
    list &&
    known
      .candidates(list, view([], ''))
      .nodes()
      .map((candidate) => candidate.name)
  );
}

function candidatesOf(known: KnownNames, names: readonly string[], seen: NodeView): Candidates {
  const list = known.read(json(names));
  if (list === undefined) throw new Error('the list has to be parsed');
  return known.candidates(list, seen);
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
