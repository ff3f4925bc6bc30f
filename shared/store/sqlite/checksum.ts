import { crc32 } from 'node:zlib';
import type { SqliteDatabase } from './database.ts';

/** A blob with the checksum that was stored beside it; null where it was written before there were checksums. */
export interface CheckedBlob {
  readonly v: Uint8Array;
  readonly crc: number | null;
}

/** CRC-32 of a blob and of the numbers of its key, so that a blob does not pass under another key either. */
export function checksum(v: Uint8Array, ...key: readonly number[]): number {
  let seed = 0;
  for (const number of key) seed = (Math.imul(seed, 31) + (number % 0xffff_fffb)) >>> 0;
  return crc32(v, seed);
}

/** Whether a blob is as it was written. One that is not is counted, and is missing data to the caller. */
export function isIntact(database: SqliteDatabase, { v, crc }: CheckedBlob, ...key: readonly number[]): boolean {
  if (crc === null || checksum(v, ...key) === crc) return true;
  database.damagedRows += 1;
  return false;
}
