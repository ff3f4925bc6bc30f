import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { SpoolEntry } from './entry.ts';
import { unpackEntry } from './entry.ts';

/** Length and checksum before each record. */
const HEADER_BYTES = 8;
const SEGMENT = /^\d{12}\.spool$/;

/**
 * Takes over what earlier releases kept: numbered folders of files of records. A record that is damaged costs itself;
 * each file is renamed once its entries are kept, never deleted.
 */
export async function takeOverFormerFiles(
  folder: string,
  keep: (entry: SpoolEntry) => Promise<void>,
  damaged: (file: string) => void,
): Promise<void> {
  if (!existsSync(folder)) return;
  for (const slot of readdirSync(folder).filter((name) => /^\d+$/.test(name)))
    for (const name of readdirSync(join(folder, slot))
      .filter((file) => SEGMENT.test(file))
      .sort()) {
      const path = join(folder, slot, name);
      const { entries, whole } = recordsOf(readFileSync(path));
      for (const entry of entries) await keep(entry);
      renameSync(path, `${path}.${whole ? 'delivered' : 'damaged'}`);
      if (!whole) damaged(path);
    }
}

function recordsOf(file: Buffer): { entries: SpoolEntry[]; whole: boolean } {
  const entries: SpoolEntry[] = [];
  let at = 0;
  let whole = true;
  while (at + HEADER_BYTES <= file.length) {
    const end = at + HEADER_BYTES + file.readUInt32LE(at);
    if (end > file.length) break;
    const unpacked = unpackEntry({ payload: file.subarray(at + HEADER_BYTES, end), crc: file.readUInt32LE(at + 4) });
    if (unpacked.state === 'intact') entries.push(unpacked.entry);
    else whole = false;
    at = end;
  }
  return { entries, whole: whole && at === file.length };
}
