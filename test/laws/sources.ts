import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Comment, parseSync } from 'oxc-parser';

/** The project's root. */
export const ROOT = join(import.meta.dirname, '../..');

/** A source file with its lines. */
export interface Source {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

/** All files with an ending below some folders, except generated and foreign ones. */
export function sourcesIn(folders: readonly string[], ending = '.ts'): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes('node_modules'))
      .map((entry) => read(join(entry.parentPath, entry.name))),
  );
}

/** Product code: what the images and the CLI run. */
export function productSources(): Source[] {
  return sourcesIn(PRODUCT);
}

/** Scripts of the dashboard. */
export function pageScripts(): Source[] {
  return sourcesIn(['extender/dashboard'], '.js');
}

const PRODUCT = ['poller', 'extender', 'shared', 'cli'];

/** A source made up for a test of a law. */
export function madeUp(path: string, text: string): Source {
  return { path, text, lines: text.split('\n').length };
}

/** Modules that a file imports, as written. */
export function importsOf(source: Source): string[] {
  const { module } = parseSync(source.path, source.text);
  const written = [...module.staticImports.map((item) => item.moduleRequest.value)];
  for (const item of module.staticExports)
    for (const entry of item.entries) if (entry.moduleRequest) written.push(entry.moduleRequest.value);
  for (const item of module.dynamicImports)
    written.push(source.text.slice(item.moduleRequest.start + 1, item.moduleRequest.end - 1));
  return written;
}

/** A function with its length. */
export interface Fn {
  readonly where: string;
  readonly lines: number;
}

/** Every function of a file, named or not. */
export function functionsOf(source: Source): Fn[] {
  const found: Fn[] = [];
  const breaks = [...source.text.matchAll(/\n/g)].map(({ index }) => index);
  const lineAt = (offset: number) => breaks.filter((place) => place < offset).length + 1;
  visit(parseSync(source.path, source.text).program, (node) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    const first = lineAt(node.start);
    found.push({ where: `${source.path}:${first}`, lines: lineAt(node.end) - first + 1 });
  });
  return found;
}

/** Names that a file exports without a doc comment right above. */
export function undocumentedExports(source: Source): { checked: number; missing: string[] } {
  const { program, comments } = parseSync(source.path, source.text);
  const missing: string[] = [];
  let checked = 0;
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || !statement.declaration) continue;
    checked += 1;
    if (!hasDocComment(source.text, comments, statement.start))
      missing.push(`${source.path}: ${firstLine(source.text, statement.start)}`);
  }
  return { checked, missing };
}

/** A node of a syntax tree. */
export interface AnyNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Shows every node below a node, itself included, parents first. */
export function visit(node: unknown, see: (node: AnyNode) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, see);
  } else if (node !== null && typeof node === 'object') {
    if (typeof (node as AnyNode).type === 'string') see(node as AnyNode);
    for (const value of Object.values(node)) if (value !== null && typeof value === 'object') visit(value, see);
  }
}

function hasDocComment(text: string, comments: readonly Comment[], start: number): boolean {
  return comments.some(
    (comment) =>
      comment.type === 'Block' &&
      comment.value.startsWith('*') &&
      comment.end <= start &&
      text.slice(comment.end, start).trim() === '',
  );
}

function firstLine(text: string, start: number): string {
  return text.slice(start).split('\n')[0] ?? '';
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8');
  return { path: relative(ROOT, path).replaceAll('\\', '/'), text, lines: text.split('\n').length - 1 };
}
