import { z } from 'zod';
import { integer, list, port, positive } from '../shared/runtime/config.ts';
import { cacheSettings, processSettings, storeSettings } from '../shared/runtime/settings.ts';
import { parseZone, type Zone } from '../shared/zones.ts';
import { kubernetesSettings } from './kubernetes/settings.ts';

/** Everything that the extender reads from the environment. */
export const extenderConfigSchema = z.object({
  ...processSettings,
  ...cacheSettings,
  ...storeSettings,
  ...kubernetesSettings,
  EXTENDER_PORT: port().default(8888).describe('Port that kube-scheduler calls'),
  EXTENDER_HOST: z.string().default('0.0.0.0').describe('Address that EXTENDER_PORT listens on'),
  API_PORT: port().default(5001).describe('Port of the REST API and the dashboard'),
  API_HOST: z.string().default('0.0.0.0').describe('Address that API_PORT listens on'),
  API_TOKEN: z
    .string()
    .optional()
    .meta({ secret: true, description: 'Bearer token asked for on everything but health and metrics' }),
  API_HEAP_MB: integer(64, 65_536)
    .default(512)
    .describe('Heap limit of the API thread in MiB; beyond it the thread is restarted'),
  ZONE_MAP: list()
    .transform((items, context) => {
      const map = new Map<string, Zone>();
      for (const item of items) {
        const [node, zone, ...rest] = item.split('=').map((part) => part.trim());
        const parsed = parseZone(zone ?? '');
        if (node && rest.length === 0 && parsed.kind !== 'malformed') map.set(node, parsed.zone);
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
      if (parsed.kind !== 'malformed') return parsed.zone;
      context.addIssue({ code: 'custom', message: 'is not a zone code such as DE or US-CAL-CISO' });
      return z.NEVER;
    })
    .optional()
    .describe('Zone of nodes that no other rule places'),
  CACHE_POLL_SECONDS: positive(3600)
    .default(5)
    .describe('Seconds between two looks at the cache file on volumes that deliver no file events'),
  MAX_BODY_MB: positive(1024).default(64).describe('Largest request body on the scheduler port in MiB'),
});

/** The extender's settings, checked. */
export type ExtenderConfig = z.output<typeof extenderConfigSchema>;
