import { parseZone, type Zone } from '../grid/zones.ts';

/** The zones of a decision's candidates as they are stored, `DE=3,FR=2`; null where no candidate's intensity was known. */
export function encodeCandidateZones(zones: Iterable<Zone>): string | null {
  const counts = new Map<Zone, number>();
  for (const zone of zones) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  if (counts.size === 0) return null;
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([zone, count]) => `${zone}=${count}`)
    .join(',');
}

/** How many candidates stood in each zone; undefined where that was not recorded. */
export function decodeCandidateZones(text: string | null): ReadonlyMap<Zone, number> | undefined {
  if (text === null) return undefined;
  const counts = new Map<Zone, number>();
  for (const part of text.split(',')) {
    const [code = '', count] = part.split('=');
    const parsed = parseZone(code);
    if (parsed.kind !== 'malformed') counts.set(parsed.zone, Number(count));
  }
  return counts;
}
