const SPACE = 32;
const TAB = 9;
const BRACE = 123;

/**
 * Makes a function that finds which of the names a line starts with (its index, or -1), in one walk over the line's
 * first bytes however many names there are. A name counts only when a space, a tab or `{` follows it.
 */
export function nameMatcher(names: readonly string[]): (buffer: Buffer, start: number, end: number) => number {
  const { next, found } = trieOf(names);
  return (buffer, start, end) => {
    let at = start;
    while (at < end && (buffer[at] === SPACE || buffer[at] === TAB)) at += 1;
    let node = 0;
    for (; at < end; at += 1) {
      const byte = buffer[at] as number;
      const name = found[node] as number;
      if (name >= 0 && (byte === BRACE || byte === SPACE || byte === TAB)) return name;
      node = byte < 128 ? (next[node * 128 + byte] as number) : 0;
      if (node === 0) return -1;
    }
    return -1;
  };
}

/** `next[node * 128 + byte]` is the following node, 0 for none; `found[node]` is the name that ends there, or -1. */
function trieOf(names: readonly string[]): { next: Uint16Array; found: Int16Array } {
  const size = 1 + names.reduce((sum, name) => sum + name.length, 0);
  const next = new Uint16Array(size * 128);
  const found = new Int16Array(size).fill(-1);
  let used = 1;
  for (const [index, name] of names.entries()) {
    let node = 0;
    for (const char of name) {
      const slot = node * 128 + char.charCodeAt(0);
      if (next[slot] === 0) next[slot] = used++;
      node = next[slot] as number;
    }
    found[node] = index;
  }
  return { next, found };
}
