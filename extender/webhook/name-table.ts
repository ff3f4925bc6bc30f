const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7e;

/** Bytes that are hashed and compared at once. */
const WORD = 4;
/** Bytes that are copied at once. */
const LONG = 8;

const HEAD = Buffer.from('{"Host":"');
const TAIL = Buffer.from('","Score":');
const MAX_NAME_BYTES = 253;

/**
 * Names by their bytes, each with a place: 0 for the first, counting up. Beside each its head, which is its part of a
 * prioritize response up to the score: `{"Host":"NAME","Score":`.
 */
export interface NameTable {
  count: number;
  readonly limit: number;
  /** Open addressing by hash: slot → place + 1. */
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  /** Where each head starts in `heads`, in bytes. */
  readonly starts: Int32Array;
  /** Length of each head in bytes. */
  readonly lengths: Int32Array;
  /** The heads, each with room for a whole number of longs. */
  heads: DataView;
}

/** Makes an empty table for that many names. */
export function createNameTable(limit: number): NameTable {
  return {
    count: 0,
    limit,
    slots: new Int32Array(2 ** Math.ceil(Math.log2(limit * 2 + 2))),
    hashes: new Int32Array(limit),
    starts: new Int32Array(limit + 1),
    lengths: new Int32Array(limit),
    heads: new DataView(new ArrayBuffer(4_096)),
  };
}

/**
 * The place of the name at [start, end) of some JSON, by its hash; a new one for a new name. Undefined where there is no
 * more room, or where JSON would write the name in another way.
 */
export function placeOf(
  json: DataView,
  start: number,
  end: number,
  hash: number,
  table: NameTable,
): number | undefined {
  const { slots, hashes } = table;
  const mask = slots.length - 1;
  let slot = (hash ^ (hash >>> 15)) & mask;
  for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const place = (slots[slot] as number) - 1;
    if (hashes[place] === hash && isSame(json, start, end, place, table)) return place;
  }
  if (table.count >= table.limit || end - start > MAX_NAME_BYTES || !isPlain(json, start, end)) return undefined;
  slots[slot] = table.count + 1;
  hashes[table.count] = hash;
  return addHead(json, start, end, table);
}

function isSame(
  json: DataView,
  start: number,
  end: number,
  place: number,
  { heads, starts, lengths }: NameTable,
): boolean {
  if ((lengths[place] as number) - HEAD.length - TAIL.length !== end - start) return false;
  const offset = (starts[place] as number) + HEAD.length - start;
  let at = start;
  for (; at + WORD <= end; at += WORD) if (json.getInt32(at) !== heads.getInt32(at + offset)) return false;
  for (; at < end; at++) if (json.getUint8(at) !== heads.getUint8(at + offset)) return false;
  return true;
}

/** Whether a name is written in JSON as it is. Known names are, so that only new ones need this check. */
function isPlain(json: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = json.getUint8(at);
    if (byte < FIRST_PRINTABLE || byte > LAST_ASCII || byte === BACKSLASH) return false;
  }
  return true;
}

function addHead(json: DataView, start: number, end: number, table: NameTable): number {
  const place = table.count;
  const from = table.starts[place] as number;
  const name = Buffer.from(json.buffer, json.byteOffset + start, end - start);
  const head = Buffer.concat([HEAD, name, TAIL]);
  const next = from + Math.ceil(head.length / LONG) * LONG;
  if (next > table.heads.byteLength) {
    const larger = new Uint8Array(Math.max(next, 2 * table.heads.byteLength));
    larger.set(new Uint8Array(table.heads.buffer));
    table.heads = new DataView(larger.buffer);
  }
  new Uint8Array(table.heads.buffer).set(head, from);
  table.lengths[place] = head.length;
  table.starts[place + 1] = next;
  table.count += 1;
  return place;
}

/** The name at a place. */
export function nameAt({ heads, starts, lengths }: NameTable, place: number): string {
  const start = (starts[place] as number) + HEAD.length;
  const length = (lengths[place] as number) - HEAD.length - TAIL.length;
  return Buffer.from(heads.buffer, start, length).toString('latin1');
}

const OPEN = '['.charCodeAt(0);
const CLOSE = ']'.charCodeAt(0);
/** What follows a head, by the score: the bytes of `7},` or `10},` as one word. */
const ENDINGS = Int32Array.from({ length: 11 }, (_, score) => Buffer.from(`${score}},\0`).readInt32LE());
const ENDING_BYTES = 4;

/** The prioritize response for some places and their scores, 0..10. */
export function encodeResponse(
  { heads, starts, lengths }: NameTable,
  places: Int32Array,
  scores: readonly number[],
): Buffer {
  let size = 2 + LONG;
  for (let index = 0; index < places.length; index++)
    size += (lengths[places[index] as number] as number) + ENDING_BYTES;
  const json = Buffer.allocUnsafe(size);
  const to = new DataView(json.buffer, json.byteOffset, size);
  json[0] = OPEN;
  let at = 1;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] as number;
    const score = scores[index] as number;
    const start = starts[place] as number;
    const length = lengths[place] as number;
    // Eight bytes of ASCII at once: as a double they are never NaN, whose bits might change. What is written behind the
    // end is overwritten by what follows.
    for (let done = 0; done < length; done += LONG)
      to.setFloat64(at + done, heads.getFloat64(start + done, true), true);
    at += length;
    to.setInt32(at, ENDINGS[score] as number, true);
    at += score === 10 ? ENDING_BYTES : ENDING_BYTES - 1;
  }
  if (at > 1) at -= 1;
  json[at] = CLOSE;
  return json.subarray(0, at + 1);
}
