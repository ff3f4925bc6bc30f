import fc from 'fast-check';
import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { describe, expect, it } from 'vitest';
import { ExpositionScanner } from '../../../../poller/power/exposition/scanner.ts';

type Seen = { metric: string; value: number; labels: Record<string, string> };

describe('the exposition scanner', () => {
  it('hands out samples of the wanted metrics only', () => {
    const body =
      '# HELP a_total help\n# TYPE a_total counter\na_total{x="1"} 2\nab_total 9\na_total 3\nb{} 4.5e3 1700000000000\n';

    const { seen, end } = scan(body, ['a_total', 'b']);

    expect(seen).toEqual([
      { metric: 'a_total', value: 2, labels: { x: '1' } },
      { metric: 'a_total', value: 3, labels: {} },
      { metric: 'b', value: 4500, labels: {} },
    ]);
    expect(end).toEqual({ lines: 6, malformed: 0, unfinished: false, eof: false });
  });

  it('steps over a metric from the moment that it is ignored, damaged lines of it too', () => {
    const values: string[] = [];
    const scanner = new ExpositionScanner(['a', 'ab'], ({ metric, value }) => {
      values.push(`${metric} ${value}`);
      if (value === 2) scanner.ignore('a');
    });
    scanner.push(Buffer.from('a 1\na 2\na 3\nab 4\na{ 5\n'));

    expect(values).toEqual(['a 1', 'a 2', 'ab 4']);
    expect(scanner.end()).toMatchObject({ lines: 5, malformed: 0 });
  });

  it('undoes escapes and keeps braces, commas, hashes and other scripts within values', () => {
    const { seen } = scan('m{a="q\\"}, {\\\\ \\n#",b="überfluß 电"} 1\n', ['m']);

    expect(seen[0]?.labels).toEqual({ a: 'q"}, {\\ \n#', b: 'überfluß 电' });
  });

  it('takes blanks, trailing commas, carriage returns, a byte order mark, exemplars and timestamps', () => {
    const body =
      '\ufeffm{a="1"} 1\r\n  m { a = "2" , } 2 123\r\nm{a="3"} 3 # {trace_id="x"} 0.5 1.1\nm{a="4"} 4 1.5 # {} 1\n# EOF\n';

    const { seen, end } = scan(body, ['m']);

    expect(seen.map(({ value, labels }) => [labels.a, value])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
      ['4', 4],
    ]);
    expect(end).toMatchObject({ malformed: 0, eof: true });
  });

  it.each([
    'm abc',
    'm 0x10',
    'm ',
    'm{a="1"}',
    'm{a="1} 1',
    'm{a=1} 1',
    'm{a="1" b="2"} 1',
    'm 1_0',
    'm 1 nonsense',
    'm{1a="x"} 1',
  ])('leaves out and counts the line %j', (line) => {
    const { seen, end } = scan(`${line}\nm 7\n`, ['m']);

    expect(seen.map((sample) => sample.value)).toEqual([7]);
    expect(end.malformed).toBe(1);
  });

  it('reads NaN and the infinities', () => {
    const { seen } = scan('m NaN\nm +Inf\nm -Inf\n', ['m']);

    expect(seen.map((sample) => sample.value)).toEqual([Number.NaN, Infinity, -Infinity]);
  });

  it('never reads a last line without its newline, and says so', () => {
    const { seen, end } = scan('m 1\nm 12', ['m']);

    expect(seen.map((sample) => sample.value)).toEqual([1]);
    expect(end.unfinished).toBe(true);
  });

  it('takes a final # EOF without newline for the end', () => {
    expect(scan('m 1\n# EOF', ['m']).end).toMatchObject({ unfinished: false, eof: true });
  });

  it('gives up on a line that never ends', () => {
    const scanner = new ExpositionScanner(['m'], () => undefined);

    expect(() => scanner.push(Buffer.alloc(1_100_000, 'x'))).toThrow(/longer than/);
  });

  it('reads what its oracle reads, however the body is cut', () => {
    fc.assert(
      fc.property(exposition, fc.integer({ min: 1, max: 200 }), (series, size) => {
        const body = textOf(series);

        const { seen } = scan(body, ['kepler_a_total', 'kepler_b_total'], size);

        expect(sorted(seen)).toEqual(sorted(oracle(body)));
      }),
      { numRuns: 200 },
    );
  });
});

const exposition = fc.uniqueArray(
  fc.record({
    metric: fc.constantFrom('kepler_a_total', 'kepler_b_total', 'kepler_a', 'go_goroutines'),
    // The oracle loses `__proto__` and trims nothing; label values may be anything.
    labels: fc.dictionary(fc.constantFrom('pod', 'node', 'zone_1', 'x'), fc.string({ unit: 'binary', maxLength: 12 }), {
      minKeys: 1,
    }),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  { selector: ({ metric, labels }) => JSON.stringify([metric, Object.entries(labels).sort()]), maxLength: 12 },
);

type Series = typeof exposition extends fc.Arbitrary<infer Value> ? Value : never;

function textOf(series: Series): string {
  // The oracle forgets the type of a family that is opened twice, so families stand together.
  const families = Map.groupBy(series, ({ metric }) => metric);
  const lines: string[] = [];
  for (const [metric, members] of families) {
    lines.push(`# HELP ${metric} text`, `# TYPE ${metric} gauge`);
    for (const { labels, value } of members) {
      const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
      lines.push(`${metric}{${pairs.join(',')}} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function scan(body: string, wanted: string[], size = 1_000_000) {
  const seen: Seen[] = [];
  const scanner = new ExpositionScanner(wanted, ({ metric, value, labels }) =>
    seen.push({ metric, value, labels: Object.fromEntries(labels) }),
  );
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  return { seen, end: scanner.end() };
}

function oracle(body: string): Seen[] {
  return parsePrometheusTextFormat(body)
    .filter(({ name }) => name === 'kepler_a_total' || name === 'kepler_b_total')
    .flatMap(({ name, metrics }) =>
      metrics.map(({ value, labels }) => ({ metric: name, value: Number(value), labels: { ...labels } })),
    );
}

function sorted(seen: Seen[]): string[] {
  return seen.map(({ metric, value, labels }) => JSON.stringify([metric, value, Object.entries(labels).sort()])).sort();
}
