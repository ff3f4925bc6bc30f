import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { type HourlyIntensity, QUALITIES } from '../../grid/intensity.ts';
import type { PowerTick } from '../../records/power.ts';
import { blockOf } from '../blocks.ts';

/** A write that waits for the database. */
export type SpoolEntry =
  | { readonly kind: 'power'; readonly tick: PowerTick }
  | { readonly kind: 'intensity'; readonly readings: readonly HourlyIntensity[] };

/** An entry as the spool keeps it: compressed JSON with its checksum. */
export interface PackedEntry {
  readonly payload: Uint8Array;
  /** CRC-32 of the payload. */
  readonly crc: number;
}

/** A packed entry as it was read back: intact, damaged, or in a form that another version of the program wrote. */
export type UnpackedEntry =
  | { readonly state: 'intact'; readonly entry: SpoolEntry }
  | { readonly state: 'damaged' }
  | { readonly state: 'other-version' };

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

const entrySchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('power'), tick: z.looseObject({ target: z.string(), samples: z.array(sampleSchema) }) }),
    z.object({ kind: z.literal('intensity'), readings: z.array(readingSchema) }),
  ])
  .transform((entry) => entry as unknown as SpoolEntry);

/** Packs an entry. */
export function packEntry(entry: SpoolEntry): PackedEntry {
  const payload = deflateRawSync(JSON.stringify(entry), { level: 1 });
  return { payload, crc: crc32(payload) };
}

/** Unpacks an entry; what does not match its checksum is damaged, what it does not understand is another version's. */
export function unpackEntry({ payload, crc }: PackedEntry): UnpackedEntry {
  if (crc32(payload) !== crc) return { state: 'damaged' };
  let content: unknown;
  try {
    content = JSON.parse(inflateRawSync(payload).toString());
  } catch {
    return { state: 'other-version' };
  }
  const parsed = entrySchema.safeParse(content);
  return parsed.success ? { state: 'intact', entry: parsed.data } : { state: 'other-version' };
}

/** Containers that an entry has samples of, in each minute of each target. */
export function blocksOf(entry: SpoolEntry): { target: string; minute: number; containers: number }[] {
  if (entry.kind === 'intensity') return [];
  const counts = new Map<number, number>();
  for (const { end } of entry.tick.samples) counts.set(blockOf(end), (counts.get(blockOf(end)) ?? 0) + 1);
  return [...counts].map(([minute, containers]) => ({ target: entry.tick.target, minute, containers }));
}
