import { z } from 'zod';
import { zoneProblem } from '../grid/known-zones.ts';
import type { ZoneOfNode } from '../grid/zone-of-node.ts';
import { parseZone, type Zone } from '../grid/zones.ts';
import { type Environment, list } from './config.ts';

/** Zone codes of ZONE_MAP and DEFAULT_ZONE that are common mistakes, with the zones that they are read as. */
export function zoneCorrections({ ZONE_MAP = '', DEFAULT_ZONE = '' }: Environment): ReadonlyMap<string, Zone> {
  const codes = [...ZONE_MAP.split(',').map((item) => item.split('=')[1] ?? ''), DEFAULT_ZONE];
  const parsed = codes.map((code) => parseZone(code));
  return new Map(parsed.flatMap((one) => (one.kind === 'corrected' ? [[one.from, one.zone] as const] : [])));
}

/** The zones of nodes that no other source names. */
export const zoneSettings = {
  ZONE_MAP: list()
    .transform((items, context) => {
      const map = new Map<string, Zone>();
      for (const item of items) {
        const [node, zone, ...rest] = item.split('=').map((part) => part.trim());
        const parsed = parseZone(zone ?? '');
        if (!node || !zone || rest.length > 0)
          context.addIssue({ code: 'custom', message: `contains "${item}", which is not node=ZONE` });
        else if (parsed.kind === 'malformed')
          context.addIssue({ code: 'custom', message: `contains "${zone}", which ${zoneProblem(zone)}` });
        else map.set(node, parsed.zone);
      }
      return map;
    })
    .default(new Map())
    .describe('Zones of nodes by name: node-a=DE,node-b=FR'),
  DEFAULT_ZONE: z
    .string()
    .transform((text, context) => {
      const parsed = parseZone(text);
      if (parsed.kind !== 'malformed') return parsed.zone;
      context.addIssue({ code: 'custom', message: zoneProblem(text) });
      return z.NEVER;
    })
    .optional()
    .describe('Zone of nodes that no other rule matches'),
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
