import { z } from 'zod';
import {
  type Environment,
  integer,
  list,
  listenAddress,
  port,
  positive,
  type SettingWarning,
  settingWarnings,
} from '../shared/runtime/config.ts';
import { contractSettings } from '../shared/runtime/contracts-file.ts';
import { facilitySettings } from '../shared/runtime/facility-settings.ts';
import { hostSettings } from '../shared/runtime/host-names.ts';
import { priceSettings } from '../shared/runtime/price-settings.ts';
import { cacheSettings, checkStoreSettings, processSettings, storeSettings } from '../shared/runtime/settings.ts';
import { serviceSettings, zoneCorrections, zoneSettings } from '../shared/runtime/zone-settings.ts';
import { admissionSettings } from './admission/settings.ts';
import { otlpSettings } from './api/otlp-settings.ts';
import { deferralSettings } from './deferral/settings.ts';
import { clusterSettings } from './kubernetes/settings.ts';
import { placementSettings } from './placement/settings.ts';
import { readingsApiSettings } from './readings/settings.ts';

/** What the watchdog reads: it needs no store, and does not fail without one. */
export const watchdogConfigSchema = z.object({
  ...processSettings,
  ...cacheSettings,
  ...storeSettings,
  ...zoneSettings,
  ...serviceSettings,
  ...clusterSettings,
  ...placementSettings,
  ...deferralSettings,
  ...admissionSettings,
  EXTENDER_PORT: port().default(8888).describe('Port that kube-scheduler calls'),
  EXTENDER_HOST: listenAddress()
    .default('::')
    .describe('Address that EXTENDER_PORT listens on; `::` is every address, IPv6 and IPv4'),
  API_PORT: port().default(5001).describe('Port of the REST API and the dashboard'),
  API_HOST: listenAddress()
    .default('::')
    .describe('Address that API_PORT listens on; `::` is every address, IPv6 and IPv4'),
  API_TOKEN: z.string().optional().meta({
    secret: true,
    description: 'Bearer token that everything but health, metrics and the dashboard’s own files requires',
  }),
  API_REQUESTS_PER_SECOND: integer(0, 1_000_000)
    .default(0)
    .describe('Maximum API requests per second from one address, with bursts of twice as many; 0: no limit'),
  API_CORS_ORIGINS: list()
    .default([])
    .describe('Origins whose pages may call the API, such as https://app.example; * allows all'),
  ...hostSettings,
  ...priceSettings,
  ...facilitySettings,
  ...contractSettings,
  ...otlpSettings,
  API_HEAP_MB: integer(64, 65_536)
    .default(512)
    .describe('Heap limit of the API thread in MiB; beyond it the thread is restarted'),
  EVENT_LOOP_LIMIT_SECONDS: integer(0, 600)
    .default(2)
    .describe('The process exits when the event loop of EXTENDER_PORT hangs for longer than this; 0: never'),
  CACHE_POLL_SECONDS: positive(3600)
    .default(5)
    .describe('Seconds between two polls of the cache file, for volumes that deliver no file events'),
  ...readingsApiSettings,
});

/** Everything that the extender reads from the environment. */
export const extenderConfigSchema = watchdogConfigSchema
  .superRefine(checkStoreSettings)
  .superRefine(({ EXTENDER_PORT, API_PORT }, context) => {
    if (EXTENDER_PORT !== API_PORT || API_PORT === 0) return;
    context.addIssue({
      code: 'custom',
      path: ['API_PORT'],
      message: 'is also EXTENDER_PORT; each needs its own port',
    });
  });

/** The extender's settings, checked. */
export type ExtenderConfig = z.output<typeof extenderConfigSchema>;

/** Warnings about the extender's settings: former names, unexpected effects, zone codes that were read as other ones. */
export function extenderWarnings(env: Environment): SettingWarning[] {
  const corrections = Object.fromEntries(zoneCorrections(env));
  const corrected = { code: 'ZONE_CODES_CORRECTED', name: 'ZONE_MAP or DEFAULT_ZONE', corrections };
  const warnings = settingWarnings(extenderConfigSchema, env);
  return Object.keys(corrections).length === 0 ? warnings : [...warnings, corrected];
}
