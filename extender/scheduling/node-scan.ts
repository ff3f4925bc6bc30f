import type { CandidateNode } from './protocol.ts';
import { optionalString, RequestFault, stringMap, stringOf } from './wire-checks.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Braces and brackets differ in this bit only. */
const BRACKET_BIT = 0x20;

/** Text that is not JSON; what is skipped unread is only checked for quotes and brackets. */
export class ScanFault extends Error {}

/**
 * The nodes of a NodeList's JSON, each name once, with the place of each in the text. Reads name, labels and providerID
 * and walks over the rest: a node is 10 to 20 kB, of which 200 bytes matter here, and parsing all of them is what makes
 * `nodeCacheCapable: false` slow. Throws a ScanFault for what is no JSON and a RequestFault for what is no NodeList.
 */
export function scanNodes(json: Buffer): CandidateNode[] {
  const nodes = new Map<string, CandidateNode>();
  let count = 0;
  const end = members(json, skipBlank(json, 0), 'Nodes', (key, start) => {
    if (key !== 'items') return skipValue(json, start);
    nodes.clear();
    count = 0;
    return elements(json, start, (item) => {
      const node = readNode(json, item, `Nodes.items[${count++}]`);
      if (!nodes.has(node.name)) nodes.set(node.name, node);
      return node.end;
    });
  });
  if (skipBlank(json, end) !== json.length) throw new ScanFault('there is more than one value');
  return [...nodes.values()];
}

function readNode(json: Buffer, start: number, path: string): CandidateNode {
  let name: unknown;
  let labels: Record<string, string> | undefined;
  let providerId: string | undefined;
  let hasMetadata = false;
  const readMetadata = (key: string, at: number): number => {
    const end = skipValue(json, at);
    if (key === 'name') name = valueAt(json, at, end);
    else if (key === 'labels') labels = stringMap(valueAt(json, at, end), `${path}.metadata.labels`);
    return end;
  };
  const readSpec = (key: string, at: number): number => {
    const end = skipValue(json, at);
    if (key === 'providerID') providerId = optionalString(valueAt(json, at, end), `${path}.spec.providerID`);
    return end;
  };
  const end = members(json, start, path, (key, at) => {
    if (key === 'metadata') {
      hasMetadata = true;
      return members(json, at, `${path}.metadata`, readMetadata);
    }
    if (key === 'spec' && json[at] === OPEN_BRACE) return members(json, at, `${path}.spec`, readSpec);
    return skipValue(json, at);
  });
  if (!hasMetadata) throw new RequestFault(`${path}.metadata`, 'is missing, not an object');
  return { name: stringOf(name, `${path}.metadata.name`), labels, providerId, start, end };
}

/** Walks over an object; `see` gets each key and the place of its value, and tells where that ends. */
function members(json: Buffer, start: number, path: string, see: (key: string, at: number) => number): number {
  if (json[start] !== OPEN_BRACE) throw new RequestFault(path, 'is not an object');
  let at = skipBlank(json, start + 1);
  if (json[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (json[at] !== QUOTE) throw new ScanFault(`no key at byte ${at}`);
    const keyEnd = skipString(json, at);
    const key = valueAt(json, at, keyEnd) as string;
    at = skipBlank(json, keyEnd);
    if (json[at] !== COLON) throw new ScanFault(`no colon at byte ${at}`);
    at = skipBlank(json, see(key, skipBlank(json, at + 1)));
    if (json[at] === CLOSE_BRACE) return at + 1;
    if (json[at] !== COMMA) throw new ScanFault(`no comma at byte ${at}`);
    at = skipBlank(json, at + 1);
  }
}

/** Walks over an array, or over null, which Go writes for an empty one. */
function elements(json: Buffer, start: number, see: (at: number) => number): number {
  if (json[start] !== OPEN_BRACKET) {
    const end = skipValue(json, start);
    if (valueAt(json, start, end) === null) return end;
    throw new RequestFault('Nodes.items', 'is not an array');
  }
  let at = skipBlank(json, start + 1);
  if (json[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    at = skipBlank(json, see(at));
    if (json[at] === CLOSE_BRACKET) return at + 1;
    if (json[at] !== COMMA) throw new ScanFault(`no comma at byte ${at}`);
    at = skipBlank(json, at + 1);
  }
}

function valueAt(json: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(json.toString('utf8', start, end));
  } catch {
    throw new ScanFault(`no JSON at byte ${start}`);
  }
}

function skipBlank(json: Buffer, from: number): number {
  let at = from;
  while ((json[at] ?? QUOTE) <= 0x20) at++;
  return at;
}

function skipString(json: Buffer, open: number): number {
  for (let at = open + 1; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  throw new ScanFault(`the string at byte ${open} has no end`);
}

function skipValue(json: Buffer, start: number): number {
  const first = json[start] ?? 0;
  if (first === QUOTE) return skipString(json, start);
  if ((first | BRACKET_BIT) !== OPEN_BRACE) return skipScalar(json, start);
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) {
      at = skipString(json, at) - 1;
    } else if ((byte | BRACKET_BIT) === OPEN_BRACE) {
      depth++;
    } else if ((byte | BRACKET_BIT) === CLOSE_BRACE) {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  throw new ScanFault(`the value at byte ${start} has no end`);
}

function skipScalar(json: Buffer, start: number): number {
  let at = start;
  for (let byte = json[at]; byte !== undefined; byte = json[++at])
    if (byte === COMMA || byte <= 0x20 || (byte | BRACKET_BIT) === CLOSE_BRACE) break;
  valueAt(json, start, at);
  return at;
}
