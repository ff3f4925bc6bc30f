import { type CandidateNode, type Candidates, type NodeView, ROW_BYTES } from '../placement/candidate-table.ts';
import { createNameTable, encodeResponse, type NameTable, nameAt, placeOf } from './name-table.ts';

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
  candidates(places: Int32Array, view: NodeView): Candidates;
  /** The prioritize response for some places and their scores, 0..10. */
  encodeScores(places: Int32Array, scores: readonly number[]): Buffer;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

const WORD = 4;
/** A quote in each byte of a word. */
const QUOTES = 0x22222222;
const LOW_BITS = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;
/** The first bytes of a word, by their number. */
const FIRST_BYTES = Int32Array.of(0, 0xff, 0xffff, 0xffffff);
const HASH_FACTOR = 0x9e37_79b1 | 0;

/** More than twice the largest cluster; node names are at most 253 characters long, so this is at most 6 MB. A place fits into 16 bits. */
const MAX_NAMES = 12_000;

/** Starts without any names. When `limit` names are known, all are forgotten before the next list is read. */
export function createKnownNames(limit: number = MAX_NAMES): KnownNames {
  let table = createNameTable(limit);
  let list = createListMemory(limit);
  let rows: (CandidateNode | undefined)[] = [];
  let rowsView: NodeView | undefined;
  return {
    read(json) {
      if (table.count >= limit) {
        table = createNameTable(limit);
        list = createListMemory(limit);
        rowsView = undefined;
      }
      return readNames(json, table, list);
    },
    candidates(places, view) {
      if (view !== rowsView) {
        rowsView = view;
        // Of full length from the start: an array that grew by its last places first would be kept as a dictionary.
        rows = new Array<CandidateNode | undefined>(limit).fill(undefined);
      }
      const nodes = new Array<CandidateNode>(places.length);
      for (let index = 0; index < places.length; index++) {
        const place = places[index] as number;
        let row = rows[place];
        if (row === undefined) {
          row = view.candidate({ name: nameAt(table, place) });
          rows[place] = row;
        }
        nodes[index] = row;
      }
      return { nodes, keep: () => keepPlaces(places, rows, table.count) };
    },
    encodeScores: (places, scores) => encodeResponse(table, places, scores),
  };
}

/** Candidates as two bytes each, beside the rows that all requests of a view share. */
function keepPlaces(
  places: Int32Array,
  rows: readonly (CandidateNode | undefined)[],
  names: number,
): ReturnType<Candidates['keep']> {
  const kept = new Uint16Array(places);
  return {
    bytes: kept.byteLength,
    sharedBytes: names * ROW_BYTES,
    nodes: () => Array.from(kept, (place) => rows[place] as CandidateNode),
  };
}

/** One piece of memory for all lists. */
interface ListMemory {
  /** The number of the list that is being read. */
  list: number;
  /** The list in which each name was last seen, to notice one that a list repeats. */
  readonly seen: Float64Array;
  /** The places of the list that is being read. */
  readonly places: Int32Array;
}

function createListMemory(limit: number): ListMemory {
  return { list: 0, seen: new Float64Array(limit), places: new Int32Array(limit) };
}

function readNames(json: Buffer, table: NameTable, memory: ListMemory): Int32Array | undefined {
  const end = json.length - 1;
  if (json[0] !== OPEN || json[end] !== CLOSE) return undefined;
  const { places, seen } = memory;
  memory.list += 1;
  if (end === 1) return places.subarray(0, 0);
  const bytes = new DataView(json.buffer, json.byteOffset, json.length);
  let count = 0;
  for (let at = 1; ; at++) {
    if (json[at] !== QUOTE) return undefined;
    const start = ++at;
    let hash = 0;
    for (;;) {
      const word = wordAt(bytes, at);
      // The lowest high bit that is set marks the first quote.
      const other = word ^ QUOTES;
      const quotes = (other - LOW_BITS) & ~other & HIGH_BITS;
      if (quotes === 0) {
        hash = Math.imul(hash ^ word, HASH_FACTOR);
        hash ^= hash >>> 15;
        at += WORD;
        continue;
      }
      const rest = (31 - Math.clz32(quotes & -quotes)) >>> 3;
      hash = Math.imul(hash ^ (word & (FIRST_BYTES[rest] as number)), HASH_FACTOR);
      at += rest;
      break;
    }
    if (at > end) return undefined;
    const place = placeOf(bytes, start, at, hash, table);
    if (place === undefined) return undefined;
    if (seen[place] !== memory.list) {
      seen[place] = memory.list;
      places[count++] = place;
    }
    if (++at === end) return places.subarray(0, count);
    if (json[at] !== COMMA) return undefined;
  }
}

/** The four bytes at a place, the first in the lowest bits; behind the end quotes, so that every name ends. */
function wordAt(bytes: DataView, at: number): number {
  if (at + WORD <= bytes.byteLength) return bytes.getInt32(at, true);
  let word = QUOTES;
  for (let index = bytes.byteLength - 1; index >= at; index--) word = (word << 8) | bytes.getUint8(index);
  return word;
}
