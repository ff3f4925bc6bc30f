import { z } from 'zod';
import { zoneProblem } from '../shared/grid/known-zones.ts';
import { parseZone } from '../shared/grid/zones.ts';
import { flag, httpUrl, integer, list, listenAddress, port, positive } from '../shared/runtime/config.ts';
import { hostSettings } from '../shared/runtime/host-names.ts';
import { kubernetesSettings } from '../shared/runtime/kubernetes/settings.ts';
import { nodePowerSettings } from '../shared/runtime/node-power-setting.ts';
import { outboundSettings } from '../shared/runtime/outbound.ts';
import { cacheSettings, checkStoreSettings, processSettings, storeSettings } from '../shared/runtime/settings.ts';
import { zoneSettings } from '../shared/runtime/zone-settings.ts';
import { checkGridSettings, gridSettings } from './grid/settings.ts';
import { checkZones } from './grid/zone-names.ts';
import { checkPowerSource, powerSourceSettings } from './power/settings.ts';
import { readingsSettings } from './readings/settings.ts';

/** The poller's tasks; POLLER_TASKS selects some of them. */
export const POLLER_TASKS = ['grid', 'power', 'readings', 'retention', 'budgets'] as const;

const settings = z.object({
  ...processSettings,
  ...cacheSettings,
  ...storeSettings,
  ...zoneSettings,
  ...nodePowerSettings,
  POLLER_TASKS: list()
    .pipe(z.array(z.enum(POLLER_TASKS, { error: `is not one of ${POLLER_TASKS.join(', ')}` })).min(1))
    .default([...POLLER_TASKS])
    .describe('Which tasks this process runs'),
  POLLER_PORT: port()
    .default(8889)
    .describe(
      'Port of /healthz, /readyz and /metrics; of a worker of the readings stream also of /health and /sites/{site_id}/readings',
    ),
  POLLER_HOST: listenAddress()
    .default('::')
    .describe('Address that POLLER_PORT listens on; `::` is every address, IPv6 and IPv4'),
  ...hostSettings,
  ZONES: list()
    .pipe(
      z
        .array(
          z.string().refine((name) => parseZone(name).kind !== 'malformed', {
            error: ({ input }) => `contains "${input}", which ${zoneProblem(String(input))}`,
          }),
        )
        .min(1),
    )
    .default(['US-CAL-CISO', 'US-TEX-ERCO', 'US-NY-NYIS', 'US-MIDA-PJM', 'US-MIDW-MISO'])
    .describe(
      'Grid zones to poll, in the notation of Electricity Maps (`DE`, `US-CAL-CISO`), or cloud regions (`us-east-1`, `aws/eu-west-1`); the cache file has them under the names given here',
    ),
  POLL_INTERVAL_MINUTES: positive(1440)
    .default(5)
    .describe('Minutes between two poll cycles of the grid task; fractions allowed'),
  CACHE_TTL_MINUTES: positive(10_080)
    .default(10)
    .describe('Minutes for which the cache document, and the last good value of a zone, stay valid'),
  CACHE_TIMESTAMPS: z
    .enum(['rfc3339', 'naive'])
    .default('rfc3339')
    .describe(
      '`naive`: the cache file has `timestamp` without milliseconds and zone (`2026-01-01T12:00:00`, UTC), for readers that parse no other form',
    ),
  ...gridSettings,
  ...outboundSettings,
  EXPORTER_URL: list()
    .pipe(z.array(httpUrl()).min(1))
    .default(['http://localhost:9102/metrics'])
    .describe('Where Kepler exposes container energy: one address, or several with commas between'),
  EXPORTER_DISCOVERY: z
    .enum(['dns', 'endpoint-slices'])
    .default('dns')
    .describe(
      '`dns`: every address of the names in EXPORTER_URL, looked up before each scrape; `endpoint-slices`: the endpoints of these services (http://service.namespace:port/path) by the Kubernetes API',
    ),
  POD_LABELS: flag()
    .default(false)
    .describe('Record the labels of all pods from the Kubernetes API, for emissions by label'),
  EXPORTER_CA_FILE: z
    .string()
    .optional()
    .describe('Certificate authority that signed the exporters’ certificates, as a PEM file'),
  EXPORTER_CERT_FILE: z.string().optional().describe('Client certificate for the exporters, as a PEM file'),
  EXPORTER_KEY_FILE: z.string().optional().describe('Key of EXPORTER_CERT_FILE, as a PEM file'),
  EXPORTER_BEARER_FILE: z
    .string()
    .optional()
    .describe('File with the bearer token for the exporters; read before each scrape, because tokens are renewed'),
  ...kubernetesSettings,
  ...powerSourceSettings,
  SCRAPE_INTERVAL_SECONDS: positive(3600).default(15).describe('Seconds between two scrapes of Kepler and of kubelets'),
  SCRAPE_TIMEOUT_SECONDS: positive(300).default(10).describe('Timeout of one request to an exporter or kubelet'),
  SCRAPE_CONCURRENCY: integer(1, 256).default(8).describe('Exporters or kubelets that are scraped at the same time'),
  SCRAPE_MAX_BODY_MB: positive(1024)
    .default(64)
    .describe('Largest response of an exporter or kubelet that is read, in MiB'),
  KEPLER_ZONE: z
    .string()
    .optional()
    .describe('Energy zone to use where Kepler 0.10 or newer offers neither package nor psys, for example ppt'),
  MAX_CONTAINER_WATTS: positive().default(2_000).describe('Power of one container above which a sample is dropped'),
  MAX_NODE_WATTS: positive().default(20_000).describe('Power of one node above which its samples are dropped'),
  ...readingsSettings,
  SPOOL_MAX_MB: positive(1_048_576)
    .default(512)
    .describe(
      'MODE=db: maximum size of DATA_DIR/spool, which holds writes while the database is unavailable, in MiB; the oldest are dropped first',
    ),
  RECORDING_LEASE_NAME: z.string().default('carbon-poller').meta({
    formerly: 'LEASE_NAME',
    description:
      'MODE=db: name of the recording lease; of pollers with the same name only one records power and one sends alerts about grid data, the others are on standby. Formerly `LEASE_NAME`',
  }),
  RETENTION_DAYS: integer(1, 36_500).default(90).describe('Days for which history, readings and placements are kept'),
  HISTORY_MAX_MB: positive(1_048_576)
    .optional()
    .describe(
      'MODE=local: size above which the oldest hours are removed before RETENTION_DAYS, in MiB; no limit by default',
    ),
});

/** Everything that the poller reads from the environment. */
export const pollerConfigSchema = settings
  .superRefine(checkGridSettings)
  .superRefine(checkZones)
  .superRefine(checkStoreSettings)
  .superRefine(checkPowerSource);

/** The poller's settings, checked. */
export type PollerConfig = z.output<typeof pollerConfigSchema>;
