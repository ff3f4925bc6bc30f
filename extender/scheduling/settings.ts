import { z } from 'zod';
import { flag, integer, list, positive } from '../../shared/runtime/config.ts';
import { type ParsedZone, parseZone, type Zone } from '../../shared/zones.ts';
import { MODES } from './intent.ts';
import { readClusterWishes } from './namespaces.ts';
import { readWishes } from './wishes.ts';

/** A zone as the configuration gave it; one that was corrected says what it was. */
export type GivenZone = Exclude<ParsedZone, { readonly kind: 'malformed' }>;

/** How placements are decided and told. */
export const placementSettings = {
  ZONE_MAP: list()
    .transform((items, context) => {
      const map = new Map<string, GivenZone>();
      for (const item of items) {
        const [node, zone, ...rest] = item.split('=').map((part) => part.trim());
        const parsed = parseZone(zone ?? '');
        if (node && rest.length === 0 && parsed.kind !== 'malformed') map.set(node, parsed);
        else context.addIssue({ code: 'custom', message: `"${item}" is not node=ZONE` });
      }
      return map;
    })
    .default(new Map())
    .describe('Zones of nodes by name: node-a=DE,node-b=FR'),
  DEFAULT_ZONE: z
    .string()
    .transform((text, context) => {
      const parsed = parseZone(text);
      if (parsed.kind !== 'malformed') return parsed;
      context.addIssue({ code: 'custom', message: 'is not a zone code such as DE or US-CAL-CISO' });
      return z.NEVER;
    })
    .optional()
    .describe('Zone of nodes that no other rule places'),
  PLACEMENT_MODE: z
    .enum(MODES)
    .default('enforce')
    .describe('`enforce` ranks and filters; `advise` only logs, counts and records what it would have done; `off`'),
  DEFAULT_WISHES: z
    .string()
    .transform((text, context) => {
      const { annotations, faults } = readClusterWishes(text);
      const { wishes, bad } = readWishes(annotations);
      for (const { annotation, value, fault } of bad) faults.push(`${annotation}=${value} ${fault}`);
      for (const message of faults) context.addIssue({ code: 'custom', message });
      return wishes;
    })
    .default({})
    .describe('What every pod wishes that wishes nothing else: `max-intensity=300; zones=FR,DE; enforce=true`'),
  NODE_POWER_FILE: z
    .string()
    .optional()
    .describe('File with the measured power of nodes; by default `node_power.json` beside CACHE_FILE'),
  POD_EVENTS: flag().default(true).describe('Whether placements are told in Kubernetes Events on their pods'),
  POD_EVENTS_PER_MINUTE: integer(1, 60_000).default(300).describe('Events beyond this are left out, and counted'),
  DECISION_RECORDS: flag().default(true).describe('Whether the placements of pods are kept in the store, for savings'),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('Certificate chain of EXTENDER_PORT (PEM); with TLS_KEY_FILE it speaks https'),
  TLS_KEY_FILE: z.string().optional().describe('Private key of TLS_CERT_FILE (PEM)'),
  TLS_CLIENT_CA_FILE: z
    .string()
    .optional()
    .describe('Authorities (PEM) that clients of EXTENDER_PORT must be certified by'),
  MAX_BODY_MB: positive(1024).default(64).describe('Largest request body on the scheduler port in MiB'),
};

/** The zones alone, for the directory. */
export function zonesOf(given: ReadonlyMap<string, GivenZone>): ReadonlyMap<string, Zone> {
  return new Map([...given].map(([node, { zone }]) => [node, zone]));
}
