import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScanError, scanNodes } from '../../../extender/webhook/node-scan.ts';

const ZONE = 'carbon-extender.io/zone';
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('"', '\\', '\\"', '}]', 'x'.repeat(40)),
);
const filler = fc.jsonValue({ maxDepth: 3 });
const item = fc.record({
  status: filler,
  metadata: fc.record({
    name: text,
    annotations: filler,
    labels: fc.dictionary(fc.oneof(text, fc.constant(ZONE)), text),
  }),
  spec: fc.oneof(fc.record({ providerID: text, taints: filler }), fc.constant(null)),
});

/** A node as it is written in the list's text, two levels deep. */
function written(node: unknown, space: number): string {
  return JSON.stringify(node, null, space).replaceAll('\n', `\n${' '.repeat(2 * space)}`);
}

describe('scanNodes', () => {
  it('reads what parsing reads, and knows where each node is, however it is written', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(item, { maxLength: 4, selector: ({ metadata }) => metadata.name }),
        fc.nat(2),
        (items, space) => {
          const json = Buffer.from(JSON.stringify({ metadata: {}, items, more: [1] }, null, space));

          const nodes = scanNodes(json);

          expect(nodes.map(({ name }) => name)).toEqual(items.map(({ metadata }) => metadata.name));
          for (const [at, { start, end, labels, providerId }] of nodes.entries()) {
            const sent = items[at] as (typeof items)[0];
            // The text and not what JSON.parse makes of it: V8 13.6 misreads some keys of one escaped character.
            expect(json.toString('utf8', start, end)).toBe(written(sent, space));
            expect(labels?.[ZONE]).toBe(
              Object.hasOwn(sent.metadata.labels, ZONE) ? sent.metadata.labels[ZONE] : undefined,
            );
            expect(providerId).toBe(sent.spec?.providerID);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('refuses whatever parsing refuses, wherever in a node it is', () => {
    const word = fc.stringMatching(/^[ -~]{0,12}$/);
    const node = fc.record({
      metadata: fc.record({ name: word }),
      status: fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme-ascii' }),
    });
    const slip = fc.record({
      place: fc.nat(),
      byte: fc.constantFrom(...Buffer.from('{}[],:"\\0-1.te ')),
      insert: fc.boolean(),
    });
    const seen = { refused: 0, read: 0 };
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 3 }), slip, (items, { place, byte, insert }) => {
        const sound = Buffer.from(JSON.stringify({ items }));
        const at = place % sound.length;
        const json = Buffer.concat([sound.subarray(0, at), Buffer.of(byte), sound.subarray(insert ? at : at + 1)]);
        const isJson = parses(json.toString());

        const outcome = scanOf(json);

        // Another problem than that of the grammar is reported where it comes first.
        expect(isJson ? ['read', 'no-nodes'] : ['no-json', 'no-nodes'], json.toString()).toContain(outcome);
        seen[isJson ? 'read' : 'refused'] += 1;
      }),
      { numRuns: 20_000 },
    );
    expect(Math.min(seen.refused, seen.read)).toBeGreaterThan(1_000);
  });

  it('reads keys with escapes, takes the last of equal keys and no items for none', () => {
    const escaped = scanNodes(Buffer.from('{"it\\u0065ms":[{"met\\u0061data":{"name":"a","name":"b"}}]}'));

    expect(escaped.map(({ name }) => name)).toEqual(['b']);
    expect(scanNodes(Buffer.from('{"items":null}'))).toEqual([]);
    expect(scanNodes(Buffer.from('{}'))).toEqual([]);
  });

  it.each([
    '',
    '{',
    '{"items":[',
    '{"items":[{]}',
    '{"items":[{"metadata":{"name":"a}}]}',
    '{"items":[]}x',
    '{"a" 1}',
    '{"a":tru}',
    '{"a":\u00011}',
  ])('refuses %j, which is no JSON', (json) => {
    expect(() => scanNodes(Buffer.from(json))).toThrow();
  });

  it('distinguishes text that is not JSON from JSON that is not a list of nodes', () => {
    expect(() => scanNodes(Buffer.from('{"items":[{"metadata":{"name":"a"}'))).toThrow(ScanError);
    expect(() => scanNodes(Buffer.from('{"items":7}'))).toThrow('Nodes.items is not an array');
    expect(() => scanNodes(Buffer.from('{"items":[{"metadata":{"name":"a","labels":{"x":1}}}]}'))).toThrow(
      /labels\["x"\] is a number/,
    );
  });
});

function parses(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/** What a text was taken for: nodes, no JSON, or JSON of something else. */
function scanOf(json: Buffer): 'read' | 'no-json' | 'no-nodes' {
  try {
    scanNodes(json);
    return 'read';
  } catch (error) {
    return error instanceof ScanError ? 'no-json' : 'no-nodes';
  }
}
