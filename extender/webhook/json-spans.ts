const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/**
 * The bytes of each value of an object, by key; the last of equal keys wins, as in JSON.parse. The text must be known to
 * be a valid JSON object. Lets a value be passed on as it came, without writing it anew.
 */
export function valueBytes(json: Buffer): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  let at = skipBlank(json, json.indexOf(OPEN_BRACE) + 1);
  while (json[at] === QUOTE) {
    const keyEnd = endOfString(json, at);
    const start = skipBlank(json, skipBlank(json, keyEnd) + 1);
    const end = endOfValue(json, start);
    values.set(JSON.parse(json.toString('utf8', at, keyEnd)) as string, json.subarray(start, end));
    at = skipBlank(json, end);
    if (json[at] === COMMA) at = skipBlank(json, at + 1);
  }
  return values;
}

function skipBlank(json: Buffer, from: number): number {
  let at = from;
  while ((json[at] ?? QUOTE) <= 0x20) at++;
  return at;
}

function endOfString(json: Buffer, open: number): number {
  let at = open + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function endOfValue(json: Buffer, start: number): number {
  let at = start;
  let depth = 0;
  for (;;) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at);
    } else if (depth === 0 && isAfterScalar(byte)) {
      return at;
    } else {
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
      at++;
    }
    if (depth === 0 && at > start && isEnd(json[at - 1])) return at;
  }
}

function isAfterScalar(byte: number | undefined): boolean {
  return byte === undefined || byte === COMMA || byte === CLOSE_BRACE || byte <= 0x20;
}

function isEnd(byte: number | undefined): boolean {
  return byte === QUOTE || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}
