import type { Candidates, NodeView } from '../placement/candidate-table.ts';
import { createNameRows, type NameList } from './name-rows.ts';
import { createNameTable, MOVED, type NameTable, NO_RECORD, placeAt, recordOf, touchRecords } from './name-table.ts';

/**
 * The names of nodes that requests have brought. Reading a list of names that are known costs the same whichever they
 * are and in whatever order: nothing of a list is remembered.
 */
export interface KnownNames {
  /**
   * Reads a JSON array of strings, each once. Undefined where JSON has to be parsed: white space, escapes, characters
   * beyond ASCII, or more names than are kept.
   */
  read(json: Buffer): NameList | undefined;
  /** The candidates of a list. Each name is looked up once in each view. */
  candidates(list: NameList, view: NodeView): Candidates;
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

/** More than twice the largest cluster; node names are at most 253 characters long, so this is at most 10 MB. A place fits into 16 bits. */
const MAX_NAMES = 12_000;

/** Starts without any names. When `limit` names are known, all are forgotten before the next list is read. */
export function createKnownNames(limit: number = MAX_NAMES): KnownNames {
  let table = createNameTable(limit);
  let memory = createListMemory(limit);
  let rows = createNameRows(table);
  return {
    read(json) {
      if (table.count >= limit) {
        table = createNameTable(limit);
        memory = createListMemory(limit);
        rows = createNameRows(table);
      }
      const count = readNames(json, table, memory);
      if (count === NO_RECORD) return undefined;
      const { records, starts, ends } = memory;
      return { json, count, records, starts, ends };
    },
    candidates: (list, view) => rows.candidates(list, view),
  };
}

/** One piece of memory for all lists. */
interface ListMemory {
  readonly records: Int32Array;
  readonly hashes: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** A bit for each place, to notice a name that a list repeats. */
  readonly seen: Int32Array;
  /** Only written, so that what was read for it has to be read. */
  touched: number;
}

const BITS = 32;

function createListMemory(limit: number): ListMemory {
  const numbers = () => new Int32Array(limit);
  return {
    ...{ records: numbers(), hashes: numbers(), starts: numbers(), ends: numbers() },
    ...{ seen: new Int32Array(Math.ceil(limit / BITS)), touched: 0 },
  };
}

/** Returns how many names the list has, each once; NO_RECORD for a list that has to be parsed. */
function readNames(json: Buffer, table: NameTable, memory: ListMemory): number {
  const bytes = new DataView(json.buffer, json.byteOffset, json.length);
  for (;;) {
    const found = findNames(json, bytes, memory);
    if (found === NO_RECORD) return NO_RECORD;
    memory.touched = touchRecords(memory.hashes, found, table);
    const count = findRecords(bytes, found, table, memory);
    if (count !== MOVED) return count;
  }
}

/** Finds where the names of a list are, and their hashes. Returns how many they are; NO_RECORD for a list that has to be parsed. */
function findNames(json: Buffer, bytes: DataView, { hashes, starts, ends }: ListMemory): number {
  const end = json.length - 1;
  if (json[0] !== OPEN || json[end] !== CLOSE) return NO_RECORD;
  if (end === 1) return 0;
  let count = 0;
  for (let at = 1; count < hashes.length; at++) {
    if (json[at] !== QUOTE) return NO_RECORD;
    starts[count] = ++at;
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
    if (at > end) return NO_RECORD;
    hashes[count] = hash;
    ends[count++] = at;
    if (++at === end) return count;
    if (json[at] !== COMMA) return NO_RECORD;
  }
  return NO_RECORD;
}

/** Finds the record of each name, once. Returns how many they are, NO_RECORD or MOVED. */
function findRecords(bytes: DataView, found: number, table: NameTable, memory: ListMemory): number {
  const { records, hashes, starts, ends, seen } = memory;
  seen.fill(0);
  let count = 0;
  for (let index = 0; index < found; index++) {
    const [start, end] = [starts[index] as number, ends[index] as number];
    const record = recordOf(bytes, start, end, hashes[index] as number, table);
    if (record < 0) return record;
    const place = placeAt(table.records, record);
    const word = place >>> 5;
    const bits = seen[word] as number;
    if ((bits & (1 << place)) !== 0) continue;
    seen[word] = bits | (1 << place);
    records[count] = record;
    starts[count] = start;
    ends[count++] = end;
  }
  return count;
}

/** The four bytes at a place, the first in the lowest bits; behind the end quotes, so that every name ends. */
function wordAt(bytes: DataView, at: number): number {
  if (at + WORD <= bytes.byteLength) return bytes.getInt32(at, true);
  let word = QUOTES;
  for (let index = bytes.byteLength - 1; index >= at; index--) word = (word << 8) | bytes.getUint8(index);
  return word;
}
