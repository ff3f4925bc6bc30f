const OPEN = '['.charCodeAt(0);
const CLOSE = ']'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const MAX_SCORE = 10;

/** Bytes that are copied at once, as a double: of ASCII it is never NaN, whose bits might change. */
const LONG = 8;
const longOf = (text: string) => Buffer.from(text, 'latin1').readDoubleLE();
/** What comes before the quoted name of each host, and between it and its score. */
const BEFORE = longOf('{"Host":');
const BETWEEN = longOf(',"Score"');
/** What follows by the score: `:7},`, and of `:10},` all but the comma. */
const ENDINGS = Int32Array.from({ length: MAX_SCORE + 1 }, (_, score) =>
  Buffer.from(score === MAX_SCORE ? ':10}' : `:${score}},`).readInt32LE(),
);
const ENDING_BYTES = 4;
/** The most that stands around one quoted name. */
const AROUND = LONG + LONG + ENDING_BYTES + 1;

/** Names in some JSON text, by where each starts and ends in it without its quotes. */
export interface NamesInText {
  readonly json: Buffer;
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** The prioritize response for names of a request and their scores, 0..10: the names are copied as they came. */
export function encodeScores({ json, count, starts, ends }: NamesInText, scores: ArrayLike<number>): Buffer {
  const size = json.length + count * AROUND + LONG;
  const response = Buffer.allocUnsafe(size);
  const from = new DataView(json.buffer, json.byteOffset, json.length);
  const to = new DataView(response.buffer, response.byteOffset, size);
  response[0] = OPEN;
  let at = 1;
  for (let index = 0; index < count; index++) {
    const quoted = (starts[index] as number) - 1;
    const length = (ends[index] as number) + 1 - quoted;
    to.setFloat64(at, BEFORE, true);
    at += LONG;
    copy(from, quoted, to, at, length);
    at += length;
    to.setFloat64(at, BETWEEN, true);
    at += LONG;
    const score = scores[index] as number;
    to.setInt32(at, ENDINGS[score] as number, true);
    at += ENDING_BYTES;
    if (score === MAX_SCORE) response[at++] = COMMA;
  }
  if (at > 1) at -= 1;
  response[at] = CLOSE;
  return response.subarray(0, at + 1);
}

/** Copies longs, the last of them once more from where it ends with the text. */
function copy(from: DataView, start: number, to: DataView, at: number, length: number): void {
  if (length < LONG) {
    for (let done = 0; done < length; done++) to.setUint8(at + done, from.getUint8(start + done));
    return;
  }
  const last = length - LONG;
  for (let done = 0; done < last; done += LONG) to.setFloat64(at + done, from.getFloat64(start + done, true), true);
  to.setFloat64(at + last, from.getFloat64(start + last, true), true);
}
