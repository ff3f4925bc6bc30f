import { readFileSync } from 'node:fs';
import { type CacheState, cacheState } from '../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../shared/grid/carbon-cache-decode.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import type { CliConfig } from './settings.ts';

/** State of the cache file: fresh, stale, or missing with the reason. Values above MAX_INTENSITY are left out, as the extender does. */
export function readCache(
  { CACHE_FILE, MAX_INTENSITY }: Pick<CliConfig, 'CACHE_FILE' | 'MAX_INTENSITY'>,
  now: EpochMs,
): CacheState {
  let text: string;
  try {
    text = readFileSync(CACHE_FILE, 'utf8');
  } catch (error) {
    return { kind: 'missing', reason: `it cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  return cacheState(decodeCarbonCache(text, MAX_INTENSITY), now);
}
