import { describe, expect, it } from 'vitest';
import { clusterNodes, configuredNodes } from '../../../../poller/power/usage/nodes.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';
import type { KubernetesClient } from '../../../../shared/runtime/kubernetes/client.ts';
import { createClient } from '../../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../../shared/runtime/kubernetes/connection.ts';
import { capturedLog } from '../../../captured-log.ts';
import { FakeClock } from '../../../fake-clock.ts';

const node = (name: string, more: object = {}, labels: Record<string, string> = {}) => ({
  metadata: { name, labels },
  spec: { providerID: 'aws:///eu-west-1a/i-0abc' },
  status: {
    capacity: { cpu: '4', memory: '16384Mi' },
    addresses: [
      { type: 'Hostname', address: name },
      { type: 'InternalIP', address: '10.0.0.7' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
  ...more,
});

describe('the nodes of a cluster', () => {
  it('have the address of their kubelet, and what is known of their machine', async () => {
    await using cluster = await start([node('n1', {}, { 'node.kubernetes.io/instance-type': 'm5.xlarge' })]);

    expect(await cluster.nodes()).toEqual([
      {
        name: 'n1',
        url: 'https://10.0.0.7:10250/metrics/resource',
        facts: { cloud: 'aws', instanceType: 'm5.xlarge', vcpus: 4, memoryGb: (16384 * 2 ** 20) / 1e9 },
      },
    ]);
  });

  it('are taken as NODE_TYPES has them where it names them, and without anything but a name', async () => {
    const types = new Map([['n1', { vcpus: 8, memoryGb: 32 }]]);
    const bare = { metadata: { name: 'n2' }, status: {} };
    await using cluster = await start([node('n1'), bare], types);

    const [first, second] = await cluster.nodes();

    expect(first?.facts).toMatchObject({ vcpus: 8, memoryGb: 32 });
    expect(second).toMatchObject({ name: 'n2', url: 'https://n2:10250/metrics/resource', facts: {} });
  });

  it('are listed every two minutes, and stay as they were while the API refuses, which is logged once', async () => {
    await using cluster = await start([node('n1')]);
    await cluster.nodes();
    await cluster.nodes();
    const requests = cluster.requests();

    cluster.refuse(403);
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await cluster.clock.advance(120_000);
      expect(await cluster.nodes()).toHaveLength(1);
    }

    expect(requests).toBe(1);
    expect(cluster.log.at('warn').map(({ fields }) => fields.code)).toEqual(['NODES_UNAVAILABLE']);
  });
});

it('outside a cluster nodes are those of KUBELET_URLS', () => {
  const urls = new Map([['n1', 'http://10.0.0.1:10255/metrics/resource']]);

  expect(configuredNodes(urls, new Map([['n1', { vcpus: 2 }]]))).toEqual([
    { name: 'n1', url: 'http://10.0.0.1:10255/metrics/resource', facts: { vcpus: 2 } },
  ]);
});

async function start(items: readonly object[], types: Parameters<typeof clusterNodes>[1] = new Map()) {
  let status = 200;
  let requests = 0;
  const api = await listen(
    (_request, response) => {
      requests += 1;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ items }));
    },
    { host: '127.0.0.1', port: 0 },
  );
  const client: KubernetesClient = createClient(openConnections({ server: `http://127.0.0.1:${api.port}`, user: {} }));
  const clock = new FakeClock();
  const log = capturedLog();
  return {
    clock,
    log,
    nodes: clusterNodes(client, types, { clock, logger: log }),
    requests: () => requests,
    refuse: (code: number) => {
      status = code;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}
