import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { type HourlyIntensity, QUALITIES } from '../../grid/intensity.ts';
import type { PowerTick } from '../../records/power.ts';
import { blockOf } from '../blocks.ts';

/** A write that waits for the database. */
export type SpoolEntry =
  | { readonly kind: 'power'; readonly tick: PowerTick }
  | { readonly kind: 'intensity'; readonly readings: readonly HourlyIntensity[] };

/** Length and checksum before each record. */
const HEADER_BYTES = 8;

const containerSchema = z.looseObject({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  node: z.string(),
});
const sampleSchema = z.object({ container: containerSchema, start: z.number(), end: z.number(), joules: z.number() });
const readingSchema = z.looseObject({
  zone: z.string(),
  hour: z.number(),
  carbonIntensity: z.number(),
  provider: z.string(),
  signal: z.enum(['average', 'marginal']),
  quality: z.enum(QUALITIES),
});

/** What a spool file holds, written by this or another version of the program. */
const entrySchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('power'), tick: z.looseObject({ target: z.string(), samples: z.array(sampleSchema) }) }),
    z.object({ kind: z.literal('intensity'), readings: z.array(readingSchema) }),
  ])
  .transform((entry) => entry as unknown as SpoolEntry);

/** An entry as a record of a spool file: length, checksum, compressed JSON. */
export function encodeEntry(entry: SpoolEntry): Buffer {
  const payload = deflateRawSync(JSON.stringify(entry), { level: 1 });
  const record = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt32LE(crc32(payload), 4);
  payload.copy(record, HEADER_BYTES);
  return record;
}

/** Entries of a spool file up to the first that is torn or damaged; `whole` tells whether all could be read. */
export function decodeEntries(file: Buffer): { entries: SpoolEntry[]; whole: boolean } {
  const entries: SpoolEntry[] = [];
  let at = 0;
  let foreign = 0;
  while (at + HEADER_BYTES <= file.length) {
    const end = at + HEADER_BYTES + file.readUInt32LE(at);
    if (end > file.length) break;
    const payload = file.subarray(at + HEADER_BYTES, end);
    if (crc32(payload) !== file.readUInt32LE(at + 4)) break;
    const entry = entrySchema.safeParse(JSON.parse(inflateRawSync(payload).toString()));
    if (entry.success) entries.push(entry.data);
    else foreign += 1;
    at = end;
  }
  return { entries, whole: at === file.length && foreign === 0 };
}

/** How many containers have samples in each minute of an entry, by minute and target. */
export function blocksOf(entry: SpoolEntry): Map<string, number> {
  const blocks = new Map<string, number>();
  if (entry.kind === 'intensity') return blocks;
  for (const { end } of entry.tick.samples) {
    const key = `${blockOf(end)} ${entry.tick.target}`;
    blocks.set(key, (blocks.get(key) ?? 0) + 1);
  }
  return blocks;
}
