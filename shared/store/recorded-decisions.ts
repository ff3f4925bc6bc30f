import type { Decision } from '../records/placements.ts';
import type { TimeRange } from '../records/power.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { openDecisions } from './open-decisions.ts';

/** Decisions of a range by the time of binding, oldest first; empty where the store keeps none. */
export async function recordedDecisions(config: StoreConfig, range: TimeRange): Promise<readonly Decision[]> {
  await using store = await openDecisions(config);
  if (!store) return [];
  const found: Decision[] = [];
  for await (const decision of store.decisions(range)) found.push(decision);
  return found;
}
