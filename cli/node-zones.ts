import type { Environment } from '../shared/runtime/config.ts';
import { parseZone, type Zone } from '../shared/zones.ts';

/** The zone of a node by `ZONE_MAP` (node-a=DE,node-b=FR), else `DEFAULT_ZONE`; undefined when neither names one. */
export function nodeZones({ ZONE_MAP = '', DEFAULT_ZONE = '' }: Environment): (node: string) => Zone | undefined {
  const zoneOf = (code: string | undefined) => {
    const parsed = code ? parseZone(code) : undefined;
    return parsed && parsed.kind !== 'malformed' ? parsed.zone : undefined;
  };
  const zones = new Map(
    ZONE_MAP.split(',').map((item) => item.split('=').map((part) => part.trim()) as [string, string]),
  );
  return (node) => zoneOf(zones.get(node)) ?? zoneOf(DEFAULT_ZONE);
}
