import { isIP } from 'node:net';
import { z } from 'zod';
import { providerOf } from '../../../shared/grid/regions.ts';
import type { MachineFacts } from '../../../shared/power-model/node-model.ts';
import type { NodeMachine } from '../../../shared/records/node-machines.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../../shared/runtime/kubernetes/client.ts';
import { listObjects } from '../../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';

/** A node whose kubelet can be read. */
export interface UsageNode {
  readonly name: string;
  /** Address of its `/metrics/resource`. */
  readonly url: string;
  readonly facts: NodeMachine;
}

/** Lists the nodes; called in every poll cycle. */
export type NodeSource = () => Promise<readonly UsageNode[]>;

/** Nodes come and go in minutes, and a list of thousands is megabytes. */
const REFRESH_MS = 120_000;

const nodeObject = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({ providerID: z.string().nullish() }).nullish(),
  status: z.object({
    capacity: z.record(z.string(), z.union([z.string(), z.number()])).nullish(),
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    daemonEndpoints: z.object({ kubeletEndpoint: z.object({ Port: z.int() }).nullish() }).nullish(),
  }),
});

/** The kubelets of KUBELET_URLS, with what NODE_TYPES says of their nodes. */
export function configuredNodes(
  urls: ReadonlyMap<string, string>,
  types: ReadonlyMap<string, MachineFacts>,
): readonly UsageNode[] {
  return [...urls].map(([name, url]) => ({ name, url, facts: types.get(name) ?? {} }));
}

/** The nodes of a cluster by its API. While the API cannot be reached, the last known ones are used. */
export function clusterNodes(
  client: KubernetesClient,
  types: ReadonlyMap<string, MachineFacts>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): NodeSource {
  let known: readonly UsageNode[] = [];
  let next = -Infinity;
  let failing = false;
  return async () => {
    if (clock.monotonic() < next) return known;
    try {
      const nodes: UsageNode[] = [];
      for await (const node of listObjects(client, '/api/v1/nodes'))
        nodes.push(usageNode(nodeObject.parse(node), types));
      known = nodes;
      next = clock.monotonic() + REFRESH_MS;
      failing = false;
    } catch (err) {
      if (!failing)
        logger.warn(
          { code: 'NODES_UNAVAILABLE', err },
          'could not list the nodes of the cluster; using the last known ones',
        );
      failing = true;
    }
    return known;
  };
}

function usageNode(
  { metadata, spec, status }: z.output<typeof nodeObject>,
  types: ReadonlyMap<string, MachineFacts>,
): UsageNode {
  const { name, labels } = metadata;
  const address = status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? name;
  const port = status.daemonEndpoints?.kubeletEndpoint?.Port ?? 10_250;
  const host = isIP(address) === 6 ? `[${address}]` : address;
  const instanceType = labels?.['node.kubernetes.io/instance-type'] ?? labels?.['beta.kubernetes.io/instance-type'];
  const region = labels?.['topology.kubernetes.io/region'];
  const facts: NodeMachine = {
    cloud: providerOf(spec?.providerID ?? undefined),
    region,
    instanceType,
    vcpus: quantity(status.capacity?.cpu),
    memoryGb: inGb(quantity(status.capacity?.memory)),
  };
  return { name, url: `https://${host}:${port}/metrics/resource`, facts: { ...facts, ...types.get(name) } };
}

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity as Kubernetes writes it, such as `3920m` or `16374Mi`; undefined when it is none. */
function quantity(text: string | number | undefined): number | undefined {
  const parsed = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti|)$/.exec(String(text ?? ''));
  return parsed === null ? undefined : Number(parsed[1]) * (SUFFIXES[parsed[2] ?? ''] ?? 1);
}

function inGb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e9;
}
