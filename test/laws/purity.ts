import { parseSync } from 'oxc-parser';
import { type AnyNode, type Source, visit } from './sources.ts';

const FOREIGN = new Set(['process', 'console', 'fetch', 'performance', 'setTimeout', 'setInterval', 'setImmediate']);

/** Uses of clocks, timers, chance, the environment or output in a file, as `path:line what`. */
export function impureUses(source: Source): string[] {
  const { program } = parseSync(source.path, source.text);
  const found: string[] = [];
  visit(program, (node) => {
    const what = impurityOf(node);
    if (what !== undefined) found.push(`${source.path}:${source.text.slice(0, node.start).split('\n').length} ${what}`);
  });
  return found;
}

interface Expression extends AnyNode {
  readonly name?: string;
  readonly object?: Expression;
  readonly property?: Expression;
  readonly callee?: Expression;
  readonly arguments?: readonly unknown[];
}

function impurityOf(node: AnyNode): string | undefined {
  const { type, object, property, callee, arguments: given } = node as Expression;
  if (type === 'NewExpression' && callee?.name === 'Date' && given?.length === 0) return 'new Date()';
  if (type === 'CallExpression' && callee?.type === 'Identifier' && FOREIGN.has(callee.name ?? ''))
    return `${callee.name}()`;
  if (type !== 'MemberExpression' || object?.type !== 'Identifier') return undefined;
  const written = `${object.name}.${property?.name}`;
  return FOREIGN.has(object.name ?? '') || written === 'Date.now' || written === 'Math.random' ? written : undefined;
}
