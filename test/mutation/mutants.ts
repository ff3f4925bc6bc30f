import { parseSync } from 'oxc-parser';
import type { AnyNode, Source } from '../laws/sources.ts';

/** One small change of a source that a test should notice. */
export interface Mutant {
  readonly path: string;
  readonly line: number;
  /** What stands there, and what the mutant puts in its place. */
  readonly original: string;
  readonly replacement: string;
  /** The whole source with the change. */
  readonly text: string;
}

interface Node extends AnyNode {
  readonly operator?: string;
  readonly value?: unknown;
  readonly left?: Node;
  readonly right?: Node;
  readonly test?: Node | null;
  readonly argument?: Node | null;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly name?: string;
}

interface Change {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
};
const CALLS = new Map(
  Object.entries({
    min: 'max',
    max: 'min',
    floor: 'ceil',
    ceil: 'floor',
    some: 'every',
    every: 'some',
  }),
);

/** Every mutant of a source, in the order of the text. Types, imports and the heads of loops are left alone. */
export function mutantsOf(source: Source): Mutant[] {
  const changes: Change[] = [];
  walk(parseSync(source.path, source.text).program as unknown as Node, (node) =>
    changes.push(...changesOf(node, source.text)),
  );
  return changes
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, replacement }) => ({
      path: source.path,
      line: source.text.slice(0, start).split('\n').length,
      original: source.text.slice(start, end).replace(/\s+/g, ' '),
      replacement,
      text: source.text.slice(0, start) + replacement + source.text.slice(end),
    }));
}

function changesOf(node: Node, text: string): Change[] {
  const { type, start, end, left, right, operator = '' } = node;
  const whole = (replacement: string): Change => ({ start, end, replacement });
  if ((type === 'BinaryExpression' || type === 'LogicalExpression') && left && right)
    return [...operatorChange(left, right, operator, text), ...[left, right].flatMap(numberChange)];
  if (type === 'ConditionalExpression' || type === 'IfStatement')
    return node.test
      ? ['true', 'false'].map((replacement) => ({
          start: node.test?.start ?? 0,
          end: node.test?.end ?? 0,
          replacement,
        }))
      : [];
  if (type === 'Literal' && typeof node.value === 'boolean') return [whole(String(!node.value))];
  if (type === 'UnaryExpression' && operator === '!' && node.argument)
    return [whole(text.slice(node.argument.start, node.argument.end))];
  const called = node.callee?.type === 'MemberExpression' ? node.callee.property : undefined;
  const other = type === 'CallExpression' ? CALLS.get(called?.name ?? '') : undefined;
  return called && other !== undefined ? [{ start: called.start, end: called.end, replacement: other }] : [];
}

/** Orders by `a < b ? -1 : 1` are of keys that differ: `<=` is the same there. */
const OF_UNIQUE_KEYS = /^\s*\?\s*-?1\s*:\s*-?1\b/;

function operatorChange(left: Node, right: Node, operator: string, text: string): Change[] {
  if (/[<>]/.test(operator) && OF_UNIQUE_KEYS.test(text.slice(right.end))) return [];
  const other = operator === '+' && !isText(left) && !isText(right) ? '-' : OPERATORS[operator];
  const at = text.indexOf(operator, left.end);
  return other === undefined || at < 0 || at > right.start
    ? []
    : [{ start: at, end: at + operator.length, replacement: other }];
}

/** A number that is calculated or compared with. One that stands alone is a setting, of which one more is as good. */
function numberChange({ type, value, start, end }: Node): Change[] {
  return type === 'Literal' && typeof value === 'number' && value > 1
    ? [{ start, end, replacement: String(value + 1) }]
    : [];
}

function isText({ type, value }: Node): boolean {
  return type === 'TemplateLiteral' || (type === 'Literal' && typeof value === 'string');
}

/** Shows every node that runs, except imports and what decides how often a loop runs: a mutant must end. */
function walk(node: unknown, see: (node: Node) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, see);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const { type } = node as Node;
  if (typeof type === 'string') {
    if (/^(TS(?!As|NonNull|Satisfies)|Import)/.test(type)) return;
    see(node as Node);
  }
  for (const [key, value] of Object.entries(node)) {
    const head = /^(For|While|DoWhile)Statement$/.test(type ?? '') && /^(test|update|init)$/.test(key);
    if (!head && value !== null && typeof value === 'object') walk(value, see);
  }
}
