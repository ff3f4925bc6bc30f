import { isIP } from 'node:net';
import { z } from 'zod';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { nameOf, type Target, type TargetSource } from './targets.ts';

const slices = z.object({
  items: z.array(
    z.object({
      addressType: z.string(),
      ports: z.array(z.object({ name: z.string().nullish(), port: z.int().nullish() })).nullish(),
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()).min(1),
            nodeName: z.string().nullish(),
            conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});
type Slice = z.output<typeof slices>['items'][number];

/**
 * One target for every ready endpoint of each URL's service (`http://service.namespace:port/path`), with the node that
 * it runs on. While the API cannot be reached, the last known endpoints are used.
 */
export function endpointSliceTargets(urls: readonly string[], client: KubernetesClient, logger: Logger): TargetSource {
  const known = new Map<string, readonly Target[]>();
  let failing = false;
  return async () => {
    try {
      for (const url of new Set(urls)) known.set(url, await targetsOf(url, client));
      failing = false;
    } catch (error) {
      if (!failing)
        logger.warn(
          { code: 'EXPORTER_ENDPOINTS_UNAVAILABLE', err: error },
          'could not list the EndpointSlices of the exporters; using the last known endpoints',
        );
      failing = true;
    }
    return [...known.values()].flat();
  };
}

async function targetsOf(url: string, client: KubernetesClient): Promise<Target[]> {
  const { hostname, host, port } = new URL(url);
  const [service = '', namespace = 'default'] = hostname.split('.');
  const found = await listSlices(client, namespace, service);
  // Slices of both families list the same pods.
  const family = found.some(({ addressType }) => addressType === 'IPv4') ? 'IPv4' : 'IPv6';
  return found
    .filter(({ addressType }) => addressType === family)
    .flatMap((slice) => {
      const own = portOf(slice, Number(port));
      return (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses, nodeName }): Target => {
          const address = addresses[0] as string;
          const direct = new URL(url);
          direct.hostname = isIP(address) === 6 ? `[${address}]` : address;
          if (own !== undefined) direct.port = String(own);
          return { name: `${nameOf(url)}@${address}`, url: direct.href, host, ...(nodeName && { node: nodeName }) };
        });
    });
}

/** The pods' port: the only one, else the one of the same number. The service's own may be another number. */
function portOf({ ports }: Slice, servicePort: number): number | undefined {
  const numbers = (ports ?? []).map(({ port }) => port).filter((port) => port != null);
  return numbers.length === 1 ? numbers[0] : numbers.find((port) => port === servicePort);
}

async function listSlices(client: KubernetesClient, namespace: string, service: string): Promise<Slice[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
  return slices.parse(await client.request('GET', `${path}?labelSelector=${selector}`)).items;
}
