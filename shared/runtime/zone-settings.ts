import { z } from 'zod';
import type { ZoneOfNode } from '../grid/zone-of-node.ts';
import { parseZone, type Zone } from '../grid/zones.ts';
import { list } from './config.ts';

/** What was corrected in each ZONE_MAP that was read, for those who want to say so. */
const CORRECTIONS = new WeakMap<ReadonlyMap<string, Zone>, ReadonlyMap<string, Zone>>();

/** What the DEFAULT_ZONE that was read last was corrected from, for a zone is a plain text that cannot carry it. */
let correctedDefault: { readonly from: string; readonly zone: Zone } | undefined;

/** Zone codes that people get wrong and that ZONE_MAP or DEFAULT_ZONE had, with the zones that they were taken for. */
export function zoneCorrections(config: z.output<z.ZodObject<typeof zoneSettings>>): ReadonlyMap<string, Zone> {
  const corrections = new Map(CORRECTIONS.get(config.ZONE_MAP));
  if (correctedDefault !== undefined && correctedDefault.zone === config.DEFAULT_ZONE)
    corrections.set(correctedDefault.from, correctedDefault.zone);
  return corrections;
}

/** Where nodes stand when nothing else tells. */
export const zoneSettings = {
  ZONE_MAP: list()
    .transform((items, context) => {
      const map = new Map<string, Zone>();
      const corrections = new Map<string, Zone>();
      for (const item of items) {
        const [node, zone, ...rest] = item.split('=').map((part) => part.trim());
        const parsed = parseZone(zone ?? '');
        if (parsed.kind === 'corrected') corrections.set(parsed.from, parsed.zone);
        if (node && rest.length === 0 && parsed.kind !== 'malformed') map.set(node, parsed.zone);
        else context.addIssue({ code: 'custom', message: `"${item}" is not node=ZONE` });
      }
      CORRECTIONS.set(map, corrections);
      return map;
    })
    .default(new Map())
    .describe('Zones of nodes by name: node-a=DE,node-b=FR'),
  DEFAULT_ZONE: z
    .string()
    .transform((text, context) => {
      const parsed = parseZone(text);
      correctedDefault = parsed.kind === 'corrected' ? parsed : undefined;
      if (parsed.kind !== 'malformed') return parsed.zone;
      context.addIssue({ code: 'custom', message: 'is not a zone code such as DE or US-CAL-CISO' });
      return z.NEVER;
    })
    .optional()
    .describe('Zone of nodes that no other rule places'),
};

/** The zone of a node by ZONE_MAP, else DEFAULT_ZONE; undefined when neither names one. */
export function zoneByName({ ZONE_MAP, DEFAULT_ZONE }: z.output<z.ZodObject<typeof zoneSettings>>): ZoneOfNode {
  const fallback = DEFAULT_ZONE === undefined ? undefined : ('DEFAULT_ZONE' as const);
  return Object.assign((node: string) => ZONE_MAP.get(node) ?? DEFAULT_ZONE, {
    sourceOf: (node: string) => (ZONE_MAP.has(node) ? ('ZONE_MAP' as const) : fallback),
  });
}

/** Where energy profiles of services are read from. */
export const serviceSettings = {
  SERVICES_FILE: z
    .string()
    .optional()
    .describe('YAML or JSON file of energy profiles of services beside the built-in ones'),
};
