import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsIn } from '../../test/laws/import-graph.ts';
import { layersOf } from '../../test/laws/layers.ts';
import { productSources } from '../../test/laws/sources.ts';

const BEGIN = '<!-- layers: generated from the imports by npm run docs -->';
const END = '<!-- end of layers -->';

/** The page on architecture, with the figure of the layers of shared drawn anew from the imports. Throws where the page has no place for it. */
export function architecturePage(): string {
  const page = readFileSync(join(import.meta.dirname, '../architecture.md'), 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/architecture.md has no lines ${BEGIN} and ${END}`);
  return [before, BEGIN, '\n```\n', figure(), '```\n', END, after].join('');
}

function figure(): string {
  const layers = layersOf(importsIn(productSources()));
  return layers
    .map((folders, height) => `${height + 1}  ${folders.join('  ')}\n`)
    .reverse()
    .join('');
}
