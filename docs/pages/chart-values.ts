import type { z } from 'zod';
import { extenderConfigSchema } from '../../extender/config.ts';
import { pollerConfigSchema } from '../../poller/config.ts';
import { isSecret } from '../../shared/runtime/config.ts';

/** Settings that the chart decides itself, from other values or because ports and paths stand in the manifests. */
export const DECIDED_BY_THE_CHART: ReadonlySet<string> = new Set([
  ...['EXTENDER_PORT', 'API_PORT', 'POLLER_PORT', 'CACHE_FILE', 'DATA_DIR'],
  ...[
    'MODE',
    'DEFERRAL',
    'DEFERRAL_NAMESPACE',
    'REDIS_HOST',
    'REDIS_PORT',
    'TLS_CERT_FILE',
    'TLS_KEY_FILE',
    'TLS_CLIENT_CA_FILE',
  ],
]);

/** Settings that make no sense in a pod, or that the kubelet sets. */
export const NOT_IN_A_POD: ReadonlySet<string> = new Set(['KUBECONFIG', 'KUBERNETES_SERVICE_HOST']);

type Schema = Readonly<Record<string, unknown>>;

/** k8s/chart/values.schema.json: what the chart takes, with the programs' own settings by name. */
export function chartValuesSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft-07/schema#',
    title: 'Values of the chart carbon-extender. Generated from the code by `npm run docs`.',
    ...section({
      images: section({ poller: image, extender: image, scheduler: image }),
      imagePullSecrets: list(section({ name: text })),
      replicas: { type: 'integer', minimum: 1 },
      scheduler: schedulerValues,
      extender: program(extenderConfigSchema, { tls: section({ existingSecret: text }) }),
      poller: program(pollerConfigSchema, { separate: flag, kubelets: flag }),
      cache: section({ storageClassName: text, size: quantity }),
      store: section({
        mode: oneOf('local', 'db'),
        existingSecret: text,
        persistence: section({ enabled: flag, storageClassName: text, size: quantity }),
      }),
      timescaledb: section({ deploy: flag, image: text, storageClassName: text, size: quantity, resources }),
      readings: readingsValues,
      deferral: section({
        mode: oneOf('on', 'advise', 'off'),
        gatePolicy: { enum: ['auto', true, false] },
        localQueues: { enum: ['auto', true, false] },
        watchdog: section({ enabled: flag, schedule: text }),
      }),
      guardPolicy: section({ enabled: flag }),
      ingest: section({ enabled: flag, schedule: text }),
      networkPolicies: section({
        enabled: flag,
        egressPorts: section({ https: list(port), exporters: list(port), database: port }),
      }),
      podDisruptionBudget: section({ enabled: flag }),
      serviceMonitor: section({ enabled: flag, labels: strings }),
      priorityClassName: text,
      nodeSelector: strings,
      tolerations: list({ type: 'object' }),
      affinity: anything,
      podAnnotations: strings,
      podSecurityContext: anything,
      securityContext: anything,
      extraEnv: list(anything),
      extraEnvFrom: list(anything),
      extraVolumes: list(anything),
      extraVolumeMounts: list(anything),
      service: section({
        type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
        annotations: strings,
        loadBalancerSourceRanges: list(text),
      }),
      // Other charts may share global values, so more than ours is let through.
      global: { type: 'object', properties: { redis: section({ host: text, port: orNull(port) }) } },
      ingestionApi: section({ replicaCount: orNull(count), image: section({ repository: text, tag: text }) }),
      processingService: section({ replicaCount: orNull(count), image: section({ repository: text, tag: text }) }),
      keda: section({
        enabled: flag,
        scaledObject: section({
          minReplicaCount: orNull(count),
          maxReplicaCount: orNull(count),
          threshold: orNull(count),
        }),
      }),
    }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const quantity: Schema = { type: 'string', pattern: '^[0-9.]+(m|k|M|G|T|Ki|Mi|Gi|Ti)?$' };
const strings: Schema = { type: 'object', additionalProperties: { type: 'string' } };
const anything: Schema = { type: 'object' };
const resources = anything;
const count = { type: 'integer', minimum: 0 } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;
const image = section({ repository: text, tag: text, pullPolicy: oneOf('IfNotPresent', 'Always', 'Never') });

const schedulerValues = section({
  enabled: flag,
  name: text,
  configuration: oneOf('prioritize-only', 'hard-limits', 'only-pods-that-ask'),
  weight: { type: 'integer', minimum: 1 },
  httpTimeout: { type: 'string', pattern: '^[0-9.]+(ms|s)$' },
  percentageOfNodesToScore: { type: 'integer', minimum: 1, maximum: 100 },
  resources,
});

const readingsValues = section({
  enabled: flag,
  replicas: orNull(count),
  redis: section({
    deploy: flag,
    image: text,
    host: text,
    port: { type: 'integer' },
    existingSecret: text,
    storageClassName: text,
    size: quantity,
    resources,
  }),
  keda: section({
    enabled: flag,
    namespace: text,
    minReplicas: { type: 'integer', minimum: 0 },
    maxReplicas: { type: 'integer', minimum: 1 },
    lagCount: { type: 'integer', minimum: 1 },
    pendingEntriesCount: { type: 'integer', minimum: 1 },
  }),
});

function program(schema: z.ZodObject, more: Record<string, Schema>): Schema {
  const settings: Record<string, Schema> = {};
  for (const name of Object.keys(schema.shape).sort()) {
    const setting = schema.shape[name] as z.ZodType;
    if (DECIDED_BY_THE_CHART.has(name) || NOT_IN_A_POD.has(name) || isSecret(setting)) continue;
    const description = setting.description ?? setting.meta()?.description;
    settings[name] = { type: ['string', 'number', 'boolean'], ...(description ? { description } : {}) };
  }
  return section({ settings: section(settings), existingSecret: text, resources, ...more });
}

function section(properties: Record<string, Schema>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function orNull(schema: Schema & { readonly type: string }): Schema {
  return { ...schema, type: [schema.type, 'null'] };
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

function oneOf(...values: string[]): Schema {
  return { enum: values };
}
