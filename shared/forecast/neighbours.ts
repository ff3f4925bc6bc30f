import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { describePast } from './profile.ts';
import { countKnown, cut, type HourlySeries } from './series.ts';

const COMPARED_DAYS = 60;
const WARM_UP_HOURS = 14 * 24;
const MOST_NEIGHBOURS = 2;
const LEAST_CORRELATION = 0.2;
const LEAST_SHARED_HOURS = 21 * 24;
const LEAST_KNOWN_SHARE = 0.7;

/** A zone that moves like another one. */
export interface Neighbour {
  readonly zone: Zone;
  readonly strength: number;
}

/**
 * The zones whose deviations from their usual day went most closely with those of `own` in the last 60 days before
 * `end`, with the strength of that (absolute correlation, 0 to 1), strongest first; ties by code. No map is needed: weather
 * reaches neighbours together. Empty when the histories are too short.
 */
export function closestZones(
  own: Zone,
  histories: ReadonlyMap<Zone, HourlySeries>,
  end: EpochMs,
  hours: number,
): readonly Neighbour[] {
  const span = Math.min(hours, COMPARED_DAYS * 24 + WARM_UP_HOURS);
  const start = end - span * HOUR_MS;
  const mine = deviations(histories.get(own), start, span);
  if (!mine) return [];
  const found: Neighbour[] = [];
  for (const [zone, series] of histories) {
    if (zone === own) continue;
    const theirs = deviations(series, start, span);
    if (!theirs) continue;
    const strength = Math.abs(correlation(mine, theirs));
    if (strength >= LEAST_CORRELATION) found.push({ zone, strength });
  }
  found.sort((a, b) => b.strength - a.strength || (a.zone < b.zone ? -1 : 1));
  return found.slice(0, MOST_NEIGHBOURS);
}

/** Deviations where they are known, NaN elsewhere; undefined when too few are. */
function deviations(series: HourlySeries | undefined, start: EpochMs, hours: number): Float64Array | undefined {
  const raw = cut(series, start, hours);
  if (countKnown(raw) < LEAST_KNOWN_SHARE * hours) return undefined;
  const { values, deviation } = describePast(raw, WARM_UP_HOURS, 1);
  return deviation.map((value, hour) => (hour < WARM_UP_HOURS || Number.isNaN(values[hour]) ? Number.NaN : value));
}

/** Correlation over the hours known to both; 0 when they are too few or one does not move. */
function correlation(a: Float64Array, b: Float64Array): number {
  let aa = 0;
  let bb = 0;
  let ab = 0;
  let shared = 0;
  for (let hour = 0; hour < a.length; hour++) {
    const x = a[hour] as number;
    const y = b[hour] as number;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    aa += x * x;
    bb += y * y;
    ab += x * y;
    shared += 1;
  }
  return shared < LEAST_SHARED_HOURS || aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
