/** Tells whether a JSON array of strings holds exactly the names of one known set, each once, in any order. */
export type NameIndex = (json: Buffer) => boolean;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Knows a set of distinct names again in the bytes of a request without parsing them, which for thousands of names costs
 * more than all else. Every name is compared whole, so a yes is certain. Names that JSON escapes, and arrays with white
 * space, are never known again: undefined, or a no, and the caller parses.
 */
export function createNameIndex(names: readonly string[]): NameIndex | undefined {
  if (names.some((name) => JSON.stringify(name) !== `"${name}"`)) return undefined;
  const table = tableOf(names);
  let round = 0;
  return (json) => {
    if (json.length !== table.jsonLength || json[0] !== OPEN || json.at(-1) !== CLOSE) return false;
    if (names.length === 0) return true;
    round = round === 0xffff_ffff ? 1 : round + 1;
    return holdsAll(json, table, round);
  };
}

/** Open addressing by hash: slot → place of the name + 1, and each name's bytes one after the other. */
interface Table {
  readonly count: number;
  /** Length of the array's JSON without white space: the same in every order. */
  readonly jsonLength: number;
  readonly mask: number;
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  /** Where each name starts in `bytes`; one more entry than names. */
  readonly starts: Int32Array;
  readonly bytes: Buffer;
  /** The comparison in which each name was last seen. */
  readonly seen: Uint32Array;
}

function tableOf(names: readonly string[]): Table {
  const bytes = Buffer.from(names.join(''));
  const size = 2 ** Math.ceil(Math.log2(names.length * 2 + 2));
  const table: Table = {
    count: names.length,
    jsonLength: bytes.length + 2 * names.length + Math.max(0, names.length - 1) + 2,
    mask: size - 1,
    slots: new Int32Array(size),
    hashes: new Int32Array(names.length),
    starts: new Int32Array(names.length + 1),
    bytes,
    seen: new Uint32Array(names.length),
  };
  let start = 0;
  for (const [place, name] of names.entries()) {
    const end = start + Buffer.byteLength(name);
    let hash = 0;
    for (let at = start; at < end; at++) hash = nextHash(hash, bytes[at] as number);
    let slot = slotOf(hash, table.mask);
    while (table.slots[slot] !== 0) slot = (slot + 1) & table.mask;
    table.slots[slot] = place + 1;
    table.hashes[place] = hash;
    table.starts[place] = start;
    start = end;
  }
  table.starts[names.length] = start;
  return table;
}

function holdsAll(json: Buffer, table: Table, round: number): boolean {
  let at = 1;
  for (let left = table.count; left > 0; left--) {
    if (json[at++] !== QUOTE) return false;
    const start = at;
    let hash = 0;
    for (let byte = json[at]; byte !== QUOTE; byte = json[++at]) {
      if (byte === undefined) return false;
      hash = nextHash(hash, byte);
    }
    const place = placeOf(json, start, at, hash, table);
    if (place < 0 || table.seen[place] === round) return false;
    table.seen[place] = round;
    if (json[++at] !== (left === 1 ? CLOSE : COMMA)) return false;
    at++;
  }
  return at === json.length;
}

/** The place of the name that stands at [start, end) of the JSON; -1 when it is none of the table's. */
function placeOf(json: Buffer, start: number, end: number, hash: number, table: Table): number {
  const { slots, hashes, starts, bytes, mask } = table;
  for (let slot = slotOf(hash, mask); slots[slot] !== 0; slot = (slot + 1) & mask) {
    const place = (slots[slot] as number) - 1;
    const from = starts[place] as number;
    if (hashes[place] !== hash || (starts[place + 1] as number) - from !== end - start) continue;
    let same = 0;
    while (same < end - start && json[start + same] === bytes[from + same]) same++;
    if (same === end - start) return place;
  }
  return -1;
}

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** Spreads the hash: names that count up differ in their last bits only. */
function slotOf(hash: number, mask: number): number {
  return (Math.imul(hash, 0x9e37_79b1) >>> 8) & mask;
}
