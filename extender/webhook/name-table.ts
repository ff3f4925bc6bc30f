const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7e;

/** Bytes that are compared at once. */
const WORD = 4;
/** The size of a cache line; names up to 52 bytes fit into it with their numbers. */
const LINE = 64;
const MAX_NAME_BYTES = 253;
const FIRST_SLOTS = 1_024;

/** Where a record keeps what, in bytes: its hash (4), the number of the view of its row (2), the row (2), its place + 1 (2), its length (1). */
const HASH = 0;
const VIEW = 4;
const ROW = 6;
const PLACE = 8;
const LENGTH = 10;
const NAME = 12;

/**
 * Names by their bytes, each with a place: 0 for the first, counting up. All that a request needs of a name is one record
 * of one cache line, found by the name's hash: kube-scheduler has used the processor's caches since the request before,
 * and each further line would have to be fetched from memory for each of hundreds of names.
 */
export interface NameTable {
  count: number;
  readonly limit: number;
  /** Bytes of a record: as many lines as the longest name needs. */
  stride: number;
  /** Slots of the open addressing, a power of two. */
  slots: number;
  /** A record for each slot; an empty one has no place. */
  records: DataView;
}

/** Makes an empty table for at most that many names. */
export function createNameTable(limit: number): NameTable {
  return { count: 0, limit, stride: LINE, slots: FIRST_SLOTS, records: memory(FIRST_SLOTS * LINE) };
}

function memory(bytes: number): DataView<ArrayBuffer> {
  return new DataView(new ArrayBuffer(bytes));
}

/** No record: there is no more room, or JSON would write the name in another way. */
export const NO_RECORD = -1;
/** The table has grown for this name, so that all records have moved: what was found before is found anew. */
export const MOVED = -2;

/** Where the record of the name at [start, end) of some JSON is, by its hash; a new one for a new name. NO_RECORD or MOVED otherwise. */
export function recordOf(json: DataView, start: number, end: number, hash: number, table: NameTable): number {
  const { records, stride, slots } = table;
  const length = end - start;
  const mask = slots - 1;
  let slot = firstSlot(hash, slots);
  for (;;) {
    const record = slot * stride;
    if (records.getUint16(record + PLACE, true) === 0) return addRecord(json, start, end, { hash, record, table });
    if (
      records.getInt32(record + HASH, true) === hash &&
      records.getUint8(record + LENGTH) === length &&
      isSame(json, start, end, records, record)
    )
      return record;
    slot = (slot + 1) & mask;
  }
}

/**
 * Reads something of the record that each hash leads to. One after the other does not depend on the one before, so that
 * the processor fetches many at a time; a search that compares what it finds has to wait for each.
 */
export function touchRecords(hashes: Int32Array, count: number, { records, stride, slots }: NameTable): number {
  let touched = 0;
  for (let index = 0; index < count; index++) {
    const record = firstSlot(hashes[index] as number, slots) * stride;
    touched ^= records.getInt32(record + HASH, true) ^ records.getInt32(record + LINE - WORD, true);
  }
  return touched;
}

function firstSlot(hash: number, slots: number): number {
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

function isSame(json: DataView, start: number, end: number, records: DataView, record: number): boolean {
  const offset = record + NAME - start;
  let at = start;
  for (; at + WORD <= end; at += WORD) if (json.getInt32(at) !== records.getInt32(at + offset)) return false;
  for (; at < end; at++) if (json.getUint8(at) !== records.getUint8(at + offset)) return false;
  return true;
}

function addRecord(
  json: DataView,
  start: number,
  end: number,
  { hash, record, table }: { readonly hash: number; readonly record: number; readonly table: NameTable },
): number {
  const length = end - start;
  if (table.count >= table.limit || length > MAX_NAME_BYTES || !isPlain(json, start, end)) return NO_RECORD;
  const stride = Math.max(table.stride, Math.ceil((NAME + length) / LINE) * LINE);
  const slots = table.slots >= 2 * (table.count + 1) ? table.slots : 2 * table.slots;
  if (stride !== table.stride || slots !== table.slots) {
    grow(table, stride, slots);
    return MOVED;
  }
  const { records } = table;
  table.count += 1;
  records.setInt32(record + HASH, hash, true);
  records.setUint16(record + PLACE, table.count, true);
  records.setUint8(record + LENGTH, length);
  for (let at = start; at < end; at++) records.setUint8(record + NAME + at - start, json.getUint8(at));
  return record;
}

/** Whether a name is written in JSON as it is. Known names are, so that only new ones need this check. */
function isPlain(json: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = json.getUint8(at);
    if (byte < FIRST_PRINTABLE || byte > LAST_ASCII || byte === BACKSLASH) return false;
  }
  return true;
}

function grow(table: NameTable, stride: number, slots: number): void {
  const { records: before, stride: strideBefore } = table;
  const records = memory(slots * stride);
  const [from, to] = [new Uint8Array(before.buffer), new Uint8Array(records.buffer)];
  for (let record = 0; record < before.byteLength; record += strideBefore) {
    if (before.getUint16(record + PLACE, true) === 0) continue;
    const hash = before.getInt32(record + HASH, true);
    let slot = firstSlot(hash, slots);
    while (records.getUint16(slot * stride + PLACE, true) !== 0) slot = (slot + 1) & (slots - 1);
    to.set(from.subarray(record, record + strideBefore), slot * stride);
  }
  table.records = records;
  table.stride = stride;
  table.slots = slots;
}

/** The place of the name of a record. */
export function placeAt(records: DataView, record: number): number {
  return records.getUint16(record + PLACE, true) - 1;
}

/** The name of a record. */
export function nameAt(records: DataView, record: number): string {
  const bytes = Buffer.from(records.buffer, record + NAME, records.getUint8(record + LENGTH));
  return bytes.toString('latin1');
}

/** The row that a view, by its number from 1 to 65,535, keeps for the name of a record; undefined where it has not looked it up. */
export function rowAt(records: DataView, record: number, view: number): number | undefined {
  return records.getUint16(record + VIEW, true) === view ? records.getUint16(record + ROW, true) : undefined;
}

/** Keeps the row of a view for the name of a record; that of an earlier view is forgotten. */
export function setRow(records: DataView, record: number, view: number, row: number): void {
  records.setUint16(record + VIEW, view, true);
  records.setUint16(record + ROW, row, true);
}

/** Forgets the rows of all views, so that their numbers can begin anew. */
export function clearRows({ records, stride }: NameTable): void {
  for (let record = 0; record < records.byteLength; record += stride) setRow(records, record, 0, 0);
}
