import { REGION_LABEL, ZONE_LABEL } from '../placement/nodes.ts';
import type { WireNode } from './candidates.ts';
import { InvalidRequestError, optionalString, stringMap, stringOf } from './wire-checks.ts';

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
/** From an opening brace or bracket to its closing one. */
const TO_CLOSER = 2;

/** Text that is not JSON. Control characters within strings that are skipped are not seen, nor escapes in long ones. */
export class ScanError extends Error {}

/** Keys that are read, as JSON writes them when nothing needs escaping. */
const ITEMS = Buffer.from('"items"');
const METADATA = Buffer.from('"metadata"');
const SPEC = Buffer.from('"spec"');
const NAME = Buffer.from('"name"');
const LABELS = Buffer.from('"labels"');
const PROVIDER_ID = Buffer.from('"providerID"');
const WANTED_LABELS = [ZONE_LABEL, REGION_LABEL].map((label) => ({ label, key: Buffer.from(`"${label}"`) }));

/**
 * The nodes of a NodeList's JSON, each name once, with the place of each in the text and the labels that place it.
 * Walks over the rest: a node is 10 to 20 kB, of which 200 bytes matter here, and parsing all of them is what makes
 * `nodeCacheCapable: false` slow. Throws a ScanError for what is not JSON and an InvalidRequestError for what is not a NodeList.
 */
export function scanNodes(json: Buffer): WireNode[] {
  const nodes = new Map<string, WireNode>();
  let count = 0;
  const end = members(json, skipBlank(json, 0), 'Nodes', (key, keyEnd, start) => {
    if (!isKey(json, key, keyEnd, ITEMS)) return skipValue(json, start);
    nodes.clear();
    count = 0;
    return elements(json, start, (item) => {
      const node = readNode(json, item, count++);
      if (!nodes.has(node.name)) nodes.set(node.name, node);
      return node.end;
    });
  });
  if (skipBlank(json, end) !== json.length) throw new ScanError('there is more than one value');
  return [...nodes.values()];
}

function readNode(json: Buffer, start: number, place: number): WireNode {
  const path = `Nodes.items[${place}]`;
  let metadata: { readonly name: string; readonly labels: WireNode['labels']; readonly end: number } | undefined;
  let providerId: string | undefined;
  const end = members(json, start, path, (key, keyEnd, at) => {
    if (isKey(json, key, keyEnd, METADATA)) {
      metadata = readMetadata(json, at, `${path}.metadata`);
      return metadata.end;
    }
    if (!isKey(json, key, keyEnd, SPEC) || json[at] !== OPEN_BRACE) return skipValue(json, at);
    providerId = undefined;
    return members(json, at, `${path}.spec`, (name, nameEnd, value) => {
      const valueEnd = skipValue(json, value);
      if (isKey(json, name, nameEnd, PROVIDER_ID))
        providerId = optionalString(valueAt(json, value, valueEnd), `${path}.spec.providerID`);
      return valueEnd;
    });
  });
  if (metadata === undefined) throw new InvalidRequestError(`${path}.metadata`, 'is missing, not an object');
  return { name: metadata.name, labels: metadata.labels, providerId, start, end };
}

function readMetadata(json: Buffer, start: number, path: string) {
  let name: unknown;
  let labels: WireNode['labels'];
  const end = members(json, start, path, (key, keyEnd, at) => {
    if (isKey(json, key, keyEnd, LABELS) && json[at] === OPEN_BRACE) {
      const found: Record<string, string> = {};
      labels = found;
      return members(json, at, `${path}.labels`, (label, labelEnd, value) =>
        readLabel(json, { label, labelEnd, value, found, path }),
      );
    }
    const valueEnd = skipValue(json, at);
    if (isKey(json, key, keyEnd, NAME)) name = valueAt(json, at, valueEnd);
    else if (isKey(json, key, keyEnd, LABELS)) labels = stringMap(valueAt(json, at, valueEnd), `${path}.labels`);
    return valueEnd;
  });
  return { name: stringOf(name, `${path}.name`), labels, end };
}

interface LabelAt {
  readonly label: number;
  readonly labelEnd: number;
  readonly value: number;
  readonly found: Record<string, string>;
  readonly path: string;
}

function readLabel(json: Buffer, { label, labelEnd, value, found, path }: LabelAt): number {
  const end = skipValue(json, value);
  if (json[value] !== QUOTE)
    stringOf(valueAt(json, value, end), `${path}.labels[${json.toString('utf8', label, labelEnd)}]`);
  for (const wanted of WANTED_LABELS)
    if (isKey(json, label, labelEnd, wanted.key)) found[wanted.label] = valueAt(json, value, end) as string;
  return end;
}

/** Whether the key at [start, end), quotes included, is the wanted one, also when it is written with escapes. */
function isKey(json: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start !== wanted.length) {
    for (let at = start; at < end; at++)
      if (json[at] === BACKSLASH) return JSON.stringify(valueAt(json, start, end)) === wanted.toString();
    return false;
  }
  for (let at = 1; at < wanted.length; at++) if (json[start + at] !== wanted[at]) return false;
  return true;
}

/** Returns where the value of a key ends; the key is at [key, keyEnd) with its quotes. */
type SeeMember = (key: number, keyEnd: number, at: number) => number;

/** Walks over an object. */
function members(json: Buffer, start: number, path: string, see: SeeMember): number {
  if (json[start] !== OPEN_BRACE) throw new InvalidRequestError(path, 'is not an object');
  let at = skipBlank(json, start + 1);
  if (json[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    const key = at;
    if (json[key] !== QUOTE) throw new ScanError(`expected a key at byte ${key}`);
    const keyEnd = skipString(json, key);
    at = skipBlank(json, keyEnd);
    if (json[at] !== COLON) throw new ScanError(`expected a colon at byte ${at}`);
    at = skipBlank(json, see(key, keyEnd, skipBlank(json, at + 1)));
    if (json[at] === CLOSE_BRACE) return at + 1;
    if (json[at] !== COMMA) throw new ScanError(`expected a comma at byte ${at}`);
    at = skipBlank(json, at + 1);
  }
}

/** Walks over an array, or over null, which Go writes for an empty one. */
function elements(json: Buffer, start: number, see: (at: number) => number): number {
  if (json[start] !== OPEN_BRACKET) {
    const end = skipValue(json, start);
    if (valueAt(json, start, end) === null) return end;
    throw new InvalidRequestError('Nodes.items', 'is not an array');
  }
  let at = skipBlank(json, start + 1);
  if (json[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    at = skipBlank(json, see(at));
    if (json[at] === CLOSE_BRACKET) return at + 1;
    if (json[at] !== COMMA) throw new ScanError(`expected a comma at byte ${at}`);
    at = skipBlank(json, at + 1);
  }
}

function valueAt(json: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(json.toString('utf8', start, end));
  } catch {
    throw new ScanError(`expected JSON at byte ${start}`);
  }
}

const BLANKS: ReadonlySet<number> = new Set(Buffer.from(' \t\n\r'));

function skipBlank(json: Buffer, from: number): number {
  let at = from;
  for (let byte = json[at] ?? QUOTE; byte <= 0x20; byte = json[++at] ?? QUOTE)
    if (!BLANKS.has(byte)) throw new ScanError(`a control character at byte ${at}`);
  return at;
}

/** Strings longer than this are searched for their end by native code, which has a price for each call. */
const SHORT = 32;

function skipString(json: Buffer, open: number): number {
  const near = Math.min(open + SHORT, json.length);
  for (let at = open + 1; at < near; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) return skipEscapedString(json, at);
  }
  const end = json.indexOf(QUOTE, near);
  if (end < 0) throw new ScanError(`the string at byte ${open} has no end`);
  return json[end - 1] === BACKSLASH ? skipEscapedString(json, near) : end + 1;
}

/** What may follow a backslash, beside u and its four digits: " \\ / b f n r t. */
const ESCAPES = new Set(Buffer.from('"\\\\/bfnrt'));
const SMALL_U = 0x75;

function skipEscapedString(json: Buffer, from: number): number {
  for (let at = from; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH) continue;
    const escaped = json[++at] ?? 0;
    if (escaped === SMALL_U && /^[\da-f]{4}$/i.test(json.toString('latin1', at + 1, at + 5))) at += 4;
    else if (!ESCAPES.has(escaped)) throw new ScanError(`invalid escape at byte ${at}`);
  }
  throw new ScanError(`a string around byte ${from} has no end`);
}

function skipValue(json: Buffer, start: number): number {
  const first = json[start] ?? 0;
  if (first === QUOTE) return skipString(json, start);
  return (first | BRACKET_BIT) === OPEN_BRACE ? skipNested(json, start) : skipScalar(json, start);
}

/** Walks over an object or array however deep, by the grammar: what is passed on must be JSON. */
function skipNested(json: Buffer, start: number): number {
  const closers: number[] = [];
  let closer = 0;
  for (let at = start; ; ) {
    const first = json[at] as number;
    if (first === QUOTE) at = skipString(json, at);
    else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) at = skipScalar(json, at);
    else {
      closers.push(closer);
      closer = first + TO_CLOSER;
      at = skipBlank(json, at + 1);
      if (json[at] !== closer) {
        if (first === OPEN_BRACE) at = skipKey(json, at);
        continue;
      }
      closer = closers.pop() as number;
      at++;
    }
    // A value has ended, and with it as many of those around it as are closed here.
    while (closer !== 0) {
      at = skipBlank(json, at);
      if (json[at] !== closer) break;
      closer = closers.pop() as number;
      at++;
    }
    if (closer === 0) return at;
    if (json[at] !== COMMA) throw new ScanError(`expected a comma at byte ${at}`);
    at = skipBlank(json, at + 1);
    if (closer === CLOSE_BRACE) at = skipKey(json, at);
  }
}

/** Where the value of the key at this place begins. */
function skipKey(json: Buffer, key: number): number {
  if (json[key] !== QUOTE) throw new ScanError(`expected a key at byte ${key}`);
  const at = skipBlank(json, skipString(json, key));
  if (json[at] !== COLON) throw new ScanError(`expected a colon at byte ${at}`);
  return skipBlank(json, at + 1);
}

function skipScalar(json: Buffer, start: number): number {
  let at = start;
  let digits = true;
  for (let byte = json[at]; byte !== undefined; byte = json[++at]) {
    if (byte === COMMA || byte <= 0x20 || (byte | BRACKET_BIT) === CLOSE_BRACE) break;
    if (byte < 0x30 || byte > 0x39) digits = false;
  }
  // Whole numbers are the many; a leading zero is for the parser to judge, as all else is.
  if (!digits || at === start || json[start] === 0x30) valueAt(json, start, at);
  return at;
}
