import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Spool, type SpoolLimits } from './spool.ts';

/** Pollers on one node that may share a folder. */
const SLOTS = 16;

/** Size of a spool file at most, compressed: what is in memory at once while it is delivered. */
const SEGMENT_BYTES = 1_048_576;

/**
 * Opens the first spool of a folder that no other process has, and takes over those that dead processes left. The
 * first is to write to, all are to deliver.
 */
export async function openSpools(folder: string, maxBytes: number): Promise<readonly [Spool, ...Spool[]]> {
  const limits: SpoolLimits = { maxBytes, segmentBytes: Math.min(SEGMENT_BYTES, Math.ceil(maxBytes / 16)) };
  const [first, ...others] = await takeFree(folder, limits);
  if (first === undefined) throw new Error(`all ${SLOTS} spools in ${folder} are in use by other processes`);
  return [first, ...others];
}

async function takeFree(folder: string, limits: SpoolLimits): Promise<Spool[]> {
  const taken: Spool[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const path = join(folder, String(slot));
    if (taken.length > 0 && !existsSync(path)) continue;
    const spool = await Spool.open(path, limits);
    if (spool === undefined) continue;
    if (taken.length === 0 || !spool.empty) taken.push(spool);
    else await spool[Symbol.asyncDispose]();
  }
  return taken;
}
