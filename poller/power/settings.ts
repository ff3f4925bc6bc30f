import { z } from 'zod';
import type { MachineFacts } from '../../shared/power-model/node-model.ts';
import { flag, httpUrl, list } from '../../shared/runtime/config.ts';
import type { NodeMeter } from './calibration/node-meters.ts';

/** `node=value` pairs with commas between, each value read by `parse`; undefined from it is a problem of the setting. */
function nodeMap<Value>(parse: (text: string) => Value | undefined, expected: string) {
  return list()
    .transform((items, context) => {
      const map = new Map<string, Value>();
      for (const item of items) {
        const at = item.indexOf('=');
        const node = item.slice(0, Math.max(0, at)).trim();
        const value = node === '' ? undefined : parse(item.slice(at + 1).trim());
        if (value === undefined) context.addIssue({ code: 'custom', message: `"${item}" is not ${expected}` });
        else map.set(node, value);
      }
      return map as ReadonlyMap<string, Value>;
    })
    .default(new Map());
}

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

/** Settings of where the energy of containers comes from when it is not Kepler. */
export const powerSourceSettings = {
  POWER_SOURCE: z
    .enum(['auto', 'kepler', 'prometheus', 'usage'])
    .default('auto')
    .describe(
      '`auto`: the best source of each node: Kepler (through PROMETHEUS_URL if that is set), else a model of its CPU and memory usage if its kubelet can be read; `kepler`, `prometheus` or `usage`: only that',
    ),
  PROMETHEUS_URL: httpUrl()
    .optional()
    .describe('Prometheus-compatible API that has the metrics of Kepler, such as http://prometheus:9090'),
  PROMETHEUS_BEARER_FILE: z
    .string()
    .optional()
    .describe('File with the bearer token for PROMETHEUS_URL; read for each request, because tokens are renewed'),
  PROMETHEUS_CA_FILE: z
    .string()
    .optional()
    .describe('Certificate authority that signed the certificate of PROMETHEUS_URL, as a PEM file'),
  PROMETHEUS_TENANT: z.string().optional().describe('Tenant for Mimir or Thanos, sent as X-Scope-OrgID'),
  PROMETHEUS_BACKFILL: z
    .string()
    .default('1d')
    .transform((text, context) => {
      const parsed = /^(\d+(?:\.\d+)?)([dhm])$/.exec(text.trim());
      if (parsed !== null) return Number(parsed[1]) * (UNIT_MS[parsed[2] ?? ''] ?? 0);
      context.addIssue({ code: 'custom', message: 'is not a duration such as 30d, 12h or 90m' });
      return z.NEVER;
    })
    .describe('How much of the past is read from Prometheus when the store is empty: 30d, 12h, 90m'),
  DCGM_URLS: list()
    .pipe(z.array(httpUrl()))
    .default([])
    .describe(
      'NVIDIA DCGM exporters, for the energy of GPUs: one address, or several with commas between, such as http://nvidia-dcgm-exporter.gpu-operator:9400/metrics; found by EXPORTER_DISCOVERY. Kepler’s own GPU counters of these nodes are then ignored',
    ),
  METER_NODES: nodeMap(nodeMeter, 'node=site or node=site/device').describe(
    'Meters on the outlets of nodes, by the site and device of their readings: node-a=rack-1/pdu-3; energy beyond everything else known about the node is __unmetered__, and the meters correct the usage model',
  ),
  KUBELET_URLS: nodeMap(kubeletUrl, 'node=http://host:port').describe(
    'Kubelets to read outside a cluster: node-a=https://10.0.0.1:10250,node-b=…; inside a cluster they are found through the Kubernetes API',
  ),
  NODE_TYPES: nodeMap(nodeFacts, 'node=aws:m5.xlarge, node=8x32 or node=Cascade Lake:8x32').describe(
    'Machine types of nodes for the usage model, where Kubernetes does not know them or they are wrong: node-a=aws:m5.xlarge, or CPUs and GB with a microarchitecture before them: node-b=8x32,node-c=Cascade Lake:8x32',
  ),
  KUBELET_CA_FILE: z
    .string()
    .optional()
    .describe(
      'Certificate authority that signed the kubelets’ certificates, as a PEM file; default: the cluster’s own',
    ),
  KUBELET_BEARER_FILE: z
    .string()
    .optional()
    .describe('File with the bearer token for kubelets; default inside a cluster: the token of the service account'),
  KUBELET_INSECURE_TLS: flag()
    .default(false)
    .describe('Do not verify the certificates of kubelets. The token is then sent to any server at their addresses'),
};

/** Refuses a source that has nothing to read. */
export function checkPowerSource(
  {
    POWER_SOURCE,
    PROMETHEUS_URL,
    KUBELET_URLS,
    KUBERNETES_SERVICE_HOST,
  }: z.output<z.ZodObject<typeof powerSourceSettings>> & {
    readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  },
  context: z.core.$RefinementCtx,
): void {
  if (POWER_SOURCE === 'prometheus' && PROMETHEUS_URL === undefined)
    context.addIssue({ code: 'custom', path: ['POWER_SOURCE'], message: 'prometheus needs PROMETHEUS_URL' });
  if (POWER_SOURCE !== 'usage' || KUBELET_URLS.size > 0 || KUBERNETES_SERVICE_HOST !== undefined) return;
  const message = 'usage needs KUBELET_URLS outside a cluster';
  context.addIssue({ code: 'custom', path: ['POWER_SOURCE'], message });
}

function kubeletUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return url.pathname === '/' ? new URL('/metrics/resource', url).href : url.href;
}

function nodeMeter(text: string): NodeMeter | undefined {
  const [siteId = '', deviceId, ...rest] = text.split('/');
  return siteId === '' || deviceId === '' || rest.length > 0 ? undefined : { siteId, deviceId };
}

function nodeFacts(text: string): MachineFacts | undefined {
  const machine = /^(?:(.+):)?(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)$/.exec(text);
  if (machine !== null) {
    const [, family, vcpus, memoryGb] = machine;
    return { ...(family && { family }), vcpus: Number(vcpus), memoryGb: Number(memoryGb) };
  }
  const [cloud = '', instanceType = '', ...rest] = text.split(':');
  return cloud && instanceType && rest.length === 0 ? { cloud, instanceType } : undefined;
}
