import type { CandidateNode, NodeView } from '../placement/candidate-table.ts';

/**
 * The names of nodes that requests have brought, each with its part of a prioritize response as ready bytes. Reading a
 * list of names that are known costs the same whichever they are and in whatever order: nothing of a list is remembered.
 */
export interface KnownNames {
  /**
   * Reads a JSON array of strings as the places of its names, each once, in its order. Undefined where JSON has to be
   * parsed: white space, escapes, characters beyond ASCII, or more names than are kept. Valid until the next call.
   */
  read(json: Buffer): Int32Array | undefined;
  /** The candidates of some places. Looked up once in each view. */
  candidates(places: Int32Array, view: NodeView): readonly CandidateNode[];
  /** The prioritize response for some places and their scores, 0..10. */
  encodeScores(places: Int32Array, scores: readonly number[]): Buffer;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CLOSE_BRACE = 0x7d;
const ZERO = 0x30;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7e;

const HEAD = Buffer.from('{"Host":"');
const TAIL = Buffer.from('","Score":');
/** What follows a head at the most: two digits, the brace and a comma. */
const AFTER_HEAD = 4;

/** More than twice the largest cluster; node names are at most 253 characters long, so this is at most 6 MB. */
const MAX_NAMES = 12_000;
const MAX_NAME_BYTES = 253;
const WORD = 4;

/** Starts without any names. When `limit` names are known, all are forgotten before the next list is read. */
export function createKnownNames(limit: number = MAX_NAMES): KnownNames {
  let table = createTable(limit);
  let rows: (CandidateNode | undefined)[] = [];
  let rowsView: NodeView | undefined;
  return {
    read(json) {
      if (table.count >= limit) {
        table = createTable(limit);
        rowsView = undefined;
      }
      return readNames(json, table);
    },
    candidates(places, view) {
      if (view !== rowsView) {
        rowsView = view;
        rows = [];
      }
      const candidates = new Array<CandidateNode>(places.length);
      for (let index = 0; index < places.length; index++) {
        const place = places[index] as number;
        let row = rows[place];
        if (row === undefined) {
          row = view.candidate({ name: nameAt(table, place) });
          rows[place] = row;
        }
        candidates[index] = row;
      }
      return candidates;
    },
    encodeScores: (places, scores) => encode(table, places, scores),
  };
}

/** Open addressing by hash: slot → place of the name + 1, and for each name the head of its part of a response. */
interface Table {
  count: number;
  /** The list that is being read, to notice a name that it repeats. */
  list: number;
  readonly limit: number;
  readonly mask: number;
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  /** The list in which each name was last seen. */
  readonly seen: Float64Array;
  /** The places of the list that is being read: one piece of memory for all lists. */
  readonly places: Int32Array;
  /** Where each head starts in `heads`; one more entry than names. */
  readonly starts: Int32Array;
  heads: Buffer;
}

function createTable(limit: number): Table {
  const size = 2 ** Math.ceil(Math.log2(limit * 2 + 2));
  return {
    count: 0,
    list: 0,
    limit,
    mask: size - 1,
    slots: new Int32Array(size),
    hashes: new Int32Array(limit),
    seen: new Float64Array(limit),
    places: new Int32Array(limit),
    starts: new Int32Array(limit + 1),
    heads: Buffer.alloc(4_096),
  };
}

function readNames(json: Buffer, table: Table): Int32Array | undefined {
  const end = json.length - 1;
  if (json[0] !== OPEN || json[end] !== CLOSE) return undefined;
  table.list += 1;
  if (end === 1) return table.places.subarray(0, 0);
  const { places } = table;
  let count = 0;
  for (let at = 1; ; at++) {
    if (json[at] !== QUOTE) return undefined;
    const start = ++at;
    let hash = 0;
    for (let byte = json[at]; byte !== QUOTE; byte = json[++at]) {
      if (byte === undefined) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const place = placeOf(json, start, at, hash, table);
    if (place === undefined) return undefined;
    if (table.seen[place] !== table.list) {
      table.seen[place] = table.list;
      places[count++] = place;
    }
    if (++at === end) return places.subarray(0, count);
    if (json[at] !== COMMA) return undefined;
  }
}

/** The place of the name at [start, end) of the JSON, a new one for a new name; undefined where there is no more room. */
function placeOf(json: Buffer, start: number, end: number, hash: number, table: Table): number | undefined {
  const { slots, hashes, starts, heads, mask } = table;
  const length = end - start;
  // Names that count up differ in their last bits only: the product spreads them.
  let slot = (Math.imul(hash, 0x9e37_79b1) >>> 8) & mask;
  for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const place = (slots[slot] as number) - 1;
    const from = (starts[place] as number) + HEAD.length;
    if (hashes[place] !== hash || (starts[place + 1] as number) - from - TAIL.length !== length) continue;
    let same = 0;
    while (same < length && json[start + same] === heads[from + same]) same++;
    if (same === length) return place;
  }
  if (table.count >= table.limit || length > MAX_NAME_BYTES || !isPlain(json, start, end)) return undefined;
  slots[slot] = table.count + 1;
  hashes[table.count] = hash;
  return addHead(json.subarray(start, end), table);
}

/** Whether a name is written in JSON as it is. Known names are, so that only new ones need this look. */
function isPlain(json: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = json[at] as number;
    if (byte < FIRST_PRINTABLE || byte > LAST_ASCII || byte === BACKSLASH) return false;
  }
  return true;
}

function addHead(name: Buffer, table: Table): number {
  const start = table.starts[table.count] as number;
  const end = start + HEAD.length + name.length + TAIL.length;
  // One word more: heads are copied by words.
  if (end + WORD > table.heads.length)
    table.heads = Buffer.concat([table.heads, Buffer.alloc(Math.max(end, start) + WORD)]);
  HEAD.copy(table.heads, start);
  name.copy(table.heads, start + HEAD.length);
  TAIL.copy(table.heads, end - TAIL.length);
  table.count += 1;
  table.starts[table.count] = end;
  return table.count - 1;
}

function nameAt({ heads, starts }: Table, place: number): string {
  const start = (starts[place] as number) + HEAD.length;
  return heads.toString('latin1', start, (starts[place + 1] as number) - TAIL.length);
}

function encode({ heads, starts }: Table, places: Int32Array, scores: readonly number[]): Buffer {
  let size = 2 + WORD;
  for (const place of places) size += (starts[place + 1] as number) - (starts[place] as number) + AFTER_HEAD;
  const json = Buffer.allocUnsafe(size);
  const from = new DataView(heads.buffer, heads.byteOffset, heads.length);
  const to = new DataView(json.buffer, json.byteOffset, size);
  json[0] = OPEN;
  let at = 1;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] as number;
    if (index > 0) json[at++] = COMMA;
    const start = starts[place] as number;
    const length = (starts[place + 1] as number) - start;
    // Word by word, which is twice as fast; what is written behind the end is overwritten by what follows.
    for (let done = 0; done < length; done += WORD) to.setInt32(at + done, from.getInt32(start + done));
    at += length;
    const score = scores[index] as number;
    if (score >= 10) json[at++] = ZERO + 1;
    json[at++] = ZERO + (score % 10);
    json[at++] = CLOSE_BRACE;
  }
  json[at++] = CLOSE;
  return json.subarray(0, at);
}
