import { readFileSync } from 'node:fs';
import { type CacheState, cacheState } from '../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../shared/grid/carbon-cache-decode.ts';
import type { EpochMs } from '../shared/grid/units.ts';

/** State of the cache file: fresh, stale, or missing with the reason. */
export function readCache(file: string, now: EpochMs): CacheState {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { kind: 'missing', reason: `it cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  return cacheState(decodeCarbonCache(text), now);
}
