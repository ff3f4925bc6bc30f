const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
]);

/** What may follow the value: a timestamp, an OpenMetrics exemplar, both, or nothing. */
const AFTER_VALUE = /^[ \t]*(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?[ \t]*)?(?:#[ \t]*\{.*)?$/i;

/**
 * Reads a sample line behind its metric's name, `{labels} value [timestamp] [# exemplar]`: fills `labels` and returns
 * the value, or undefined when the line is not valid. Takes decimal numbers, NaN and ±Inf only, never `0x10` or nothing.
 */
export function parseSample(text: string, labels: Map<string, string>): number | undefined {
  labels.clear();
  let at = skipBlanks(text, 0);
  if (text.charCodeAt(at) === OPEN) {
    at = readLabels(text, at + 1, labels);
    if (at < 0) return undefined;
    at = skipBlanks(text, at);
  }
  let end = at;
  while (end < text.length && !isBlank(text.charCodeAt(end))) end += 1;
  if (end < text.length && !AFTER_VALUE.test(text.slice(end))) return undefined;
  return strictNumber(text.slice(at, end));
}

/** A number as the exposition format writes it; undefined for anything else. */
export function strictNumber(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text) : SPECIAL.get(text.toLowerCase());
}

/** Reads `name="value",…}` into the map; returns the position behind the brace, or -1. */
function readLabels(text: string, from: number, labels: Map<string, string>): number {
  const escaped = text.includes('\\');
  for (let at = skipBlanks(text, from); ; ) {
    if (text.charCodeAt(at) === CLOSE) return at + 1;
    const nameEnd = skipName(text, at);
    if (nameEnd === at) return -1;
    let quote = skipBlanks(text, nameEnd);
    if (text.charCodeAt(quote) !== EQUALS) return -1;
    quote = skipBlanks(text, quote + 1);
    if (text.charCodeAt(quote) !== QUOTE) return -1;
    const close = escaped ? closingQuote(text, quote + 1) : text.indexOf('"', quote + 1);
    if (close < 0) return -1;
    const value = text.slice(quote + 1, close);
    labels.set(text.slice(at, nameEnd), escaped ? unescaped(value) : value);
    at = skipBlanks(text, close + 1);
    const separator = text.charCodeAt(at);
    if (separator === COMMA) at = skipBlanks(text, at + 1);
    else if (separator !== CLOSE) return -1;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === BACKSLASH) at += 1;
    else if (char === QUOTE) return at;
  }
  return -1;
}

/** Undoes `\\`, `\"` and `\n`; other escapes stay as they are, as Prometheus' own parser has it. */
function unescaped(value: string): string {
  return value.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

function skipName(text: string, from: number): number {
  let at = from;
  for (; ; at += 1) {
    const char = text.charCodeAt(at);
    const letter = (char | 32) >= 97 && (char | 32) <= 122;
    const digit = char >= 48 && char <= 57;
    if (!letter && char !== 95 && !(digit && at > from)) return at;
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function isBlank(char: number): boolean {
  return char === SPACE || char === TAB;
}
