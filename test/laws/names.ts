import { parseSync } from 'oxc-parser';
import { type AnyNode, type Source, visit } from './sources.ts';

/** Exported types, interfaces and classes whose name is declared in more than one file, with the files. */
export function repeatedTypeNames(sources: readonly Source[]): string[] {
  const declared = new Map<string, string[]>();
  for (const { path, text } of sources)
    for (const [, name = ''] of text.matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm))
      declared.set(name, [...(declared.get(name) ?? []), path]);
  return [...declared].filter(([, files]) => files.length > 1).map(([name, files]) => `${name}: ${files.join(', ')}`);
}

/** Words that only this project would use, with the field's word for each. */
const OLD_WORDS: readonly (readonly [pattern: RegExp, better: string])[] = [
  [/\b(tells?|told|telling|tellers?)\b(?! (them |those |it |the \w+ )?apart)/i, 'say, report, publish, return'],
  [/\bwish(es|ed)?\b/i, 'annotation, preference'],
  [/\bjudge?ments?\b/i, 'decision'],
  [
    /\b(is|are) no (?!longer\b|more\b|less\b|such\b|need\b|way\b|other\b|room\b|data\b|forecast\b|history\b)\w+/i,
    'is not a valid …',
  ],
  [/\bfaults?\b(?!-toleran)/i, 'error, problem, violation, invalid'],
  [/\b(whoever|what became of|comes to question|come into question|at fault)\b/i, 'plain words'],
  [/\bbreach(es|ed)?\b/i, 'violation'],
];

/** Old words in a text that people read, as `where: "…" (better)`. */
export function oldWordsIn(where: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    OLD_WORDS.flatMap(([pattern, better]) => {
      const [found] = pattern.exec(line) ?? [];
      return found === undefined ? [] : [`${where}:${index + 1}: "${found}" (${better})`];
    }),
  );
}

/** Texts in a source that a person may meet: literals with a blank in them, one a line, at their own line numbers. */
export function textsIn(source: Source): string {
  const lines: string[] = [];
  visit(parseSync(source.path, source.text).program, (node) => {
    const text = literalText(node);
    if (text === undefined || !/[a-z] [a-z]/i.test(text)) return;
    const line = source.text.slice(0, node.start).split('\n').length - 1;
    lines[line] = `${lines[line] ?? ''} ${text.replaceAll('\n', ' ')}`;
  });
  return Array.from(lines, (line) => line ?? '').join('\n');
}

/** Folders and files named after kinds of code instead of stages of a flow. */
export function namedAfterKinds(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => /(^|\/)(utils?|helpers?|types|common|lib|misc)(\/|\.[jt]s$)/.test(path))
    .map(({ path }) => path);
}

interface Literal extends AnyNode {
  readonly value?: unknown;
}

function literalText({ type, value }: Literal): string | undefined {
  if (type === 'Literal') return typeof value === 'string' ? value : undefined;
  return type === 'TemplateElement' ? (value as { cooked?: string } | undefined)?.cooked : undefined;
}
