// Flow: the laws of the repository about words: what people read in logs, help, errors, metrics and docs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUES } from '../../docs/pages/errors.ts';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createExtenderMetrics } from '../../extender/metrics.ts';
import { createPollerMetrics } from '../../poller/metrics.ts';
import { type DescribedMetric, outsideVocabulary } from './metric-vocabulary.ts';
import { oldWordsIn, textsIn } from './names.ts';
import { madeUp, pageScripts, productSources, ROOT, type Source } from './sources.ts';

const product = [...productSources(), ...pageScripts()];

describe('words', () => {
  it("of product texts are the field's", () => {
    const texts = product.map((source) => [source.path, textsIn(source)] as const);

    expect(texts.filter(([, text]) => text.trim() !== '').length).toBeGreaterThan(150);
    expect(texts.flatMap(([path, text]) => oldWordsIn(path, text))).toEqual([]);
  });

  it("of the README and the docs are the field's", () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      ...markdownIn('docs'),
      ...markdownIn('docs/decisions'),
    ];

    expect(pages.length).toBeGreaterThan(15);
    expect(pages.flatMap((page) => oldWordsIn(page, readFileSync(join(ROOT, page), 'utf8')))).toEqual([]);
  });

  it.each([
    '"x" is no zone code',
    'the log tells which',
    'what every pod wishes',
    'the judgement of a pod',
    'a fault of the settings',
    'nodes in breach get 0',
  ])('of the old idiom are found: %s', (text) => {
    expect(oldWordsIn('a.ts', textsIn(madeUp('a.ts', `log.warn('${text}');`)))).toHaveLength(1);
  });

  it('that everybody uses pass', () => {
    const text = 'it is no longer there; so that the two can be told apart; there is no data';

    expect(oldWordsIn('README.md', text)).toEqual([]);
  });
});

describe('metrics', () => {
  it('use one vocabulary of labels and values, counters end in _total', async () => {
    const metrics = await described();

    expect(metrics.length).toBeGreaterThan(60);
    expect(metrics.flatMap(outsideVocabulary)).toEqual([]);
  });

  it.each([
    { labelNames: ['why'] },
    { labelNames: ['reason'], values: [{ labels: { reason: 'firstSights' } }] },
    { name: 'carbon_things' },
    { help: ' ' },
  ])('outside the vocabulary are found: %o', (part) => {
    const good = { name: 'carbon_things_total', help: 'Things.', type: 'counter', labelNames: [], values: [] };

    expect(outsideVocabulary(good)).toEqual([]);
    expect(outsideVocabulary({ ...good, ...part })).toHaveLength(1);
  });
});

describe('errors', () => {
  const entries = Object.values(CATALOGUES).flatMap((catalogue) => Object.entries(catalogue));

  it('have a code of their own and a status of an error', () => {
    expect(entries.length).toBeGreaterThan(0);
    expect(catalogueIssues(entries)).toEqual([]);
  });

  it.each([
    [[['lower', {}]]],
    [[['ONE', {}]]],
    [
      [
        ['TWICE_THERE', {}],
        ['TWICE_THERE', {}],
      ],
    ],
    [[['OF_SUCCESS', { status: 200 }]]],
    [[['BEYOND_HTTP', { status: 600 }]]],
  ] satisfies [CatalogueEntry[]][])('that break the rules are found: %j', (made) => {
    expect(catalogueIssues(made)).toHaveLength(1);
  });

  it('that a log line names are in a catalogue', () => {
    const known = new Set(entries.map(([code]) => code));

    expect(product.flatMap((source) => unknownCodes(source, known))).toEqual([]);
    expect(unknownCodes(madeUp('a.ts', "log.warn({ code: 'NOT_THERE' })"), known)).toEqual(['a.ts: NOT_THERE']);
  });
});

type CatalogueEntry = [code: string, { status?: number }];

function catalogueIssues(entries: readonly (readonly [string, { readonly status?: number }])[]): string[] {
  const seen = new Set<string>();
  return entries.flatMap(([code, { status = 400 }]) => {
    const isGood = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code) && !seen.has(code) && status >= 400 && status <= 599;
    seen.add(code);
    return isGood ? [] : [code];
  });
}

/** Codes of log lines that no catalogue has; those of Node and of libraries are theirs. */
function unknownCodes({ path, text }: Source, known: ReadonlySet<string>): string[] {
  return [...text.matchAll(/\bcode: '([A-Z][A-Z0-9_]{4,})'/g)]
    .map(([, code = '']) => code)
    .filter((code) => code.includes('_') && !known.has(code) && !/^(ERR_|E[A-Z]+$|UND_)/.test(code))
    .map((code) => `${path}: ${code}`);
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md') && !/^(migration|terms)\.md$/.test(name))
    .map((name) => `${folder}/${name}`);
}

async function described(): Promise<DescribedMetric[]> {
  const registries = [createPollerMetrics(), createExtenderMetrics(), createApiMetrics()];
  const all = await Promise.all(
    registries.map(async ({ registry }) => {
      const names = new Map(
        (registry.getMetricsAsArray() as unknown as DescribedMetric[]).map(({ name, labelNames }) => [
          name,
          labelNames,
        ]),
      );
      return (await registry.getMetricsAsJSON()).map((metric) => ({
        ...metric,
        type: String(metric.type),
        labelNames: names.get(metric.name) ?? [],
      }));
    }),
  );
  return all.flat().filter(({ name }) => !/^(process|nodejs)_/.test(name)) as DescribedMetric[];
}
