// Flow: rules of pods about other pods, as test/extender/deferral/schedulable-peers.ts has them, against the nodes that a real
// kube-scheduler offers to an extender.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyPeers } from '../extender/deferral/any-peers.ts';
import { type PeerPod, type PeerWorld, whyNotAmong } from '../extender/deferral/schedulable-peers.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const CLUSTERS = 150;
/** A pod may be scheduled before the scheduler has seen all others: what differs is tried again. */
const ATTEMPTS = 5;
const podsPath = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
const FINALIZER = 'carbon-extender.io/test';

describe.skipIf(assets === undefined)('rules about other pods, in a real kube-scheduler', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'peers-'));
  const offered = new Map<string, readonly string[]>();
  let api: Api;

  beforeAll(async () => {
    const plane: ControlPlane = stack.use(
      await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }),
    );
    api = apiOf(plane);
    for (const [name, labels] of Object.entries({ batch: { team: 'data' }, shop: {} }))
      await created('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    await plane.startScheduler(`apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
clientConnection:
  qps: 5000
  burst: 5000
extenders:
- urlPrefix: http://127.0.0.1:${await startRecorder()}
  filterVerb: filter
  nodeCacheCapable: true
`);
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('leave the same nodes to a pod, in random clusters', async () => {
    const seen = new Map<string, number>();

    for (const [index, { world, pod }] of fc.sample(anyPeers, { numRuns: CLUSTERS, seed: 15 }).entries()) {
      const reasons = world.nodes.map((node) => whyNotAmong(world, pod, node) ?? 'fits');
      for (const reason of reasons) seen.set(reason, (seen.get(reason) ?? 0) + 1);
      const expected = world.nodes.filter((_node, at) => reasons[at] === 'fits').map(({ metadata }) => metadata.name);

      await build(world);
      let found: readonly string[] = [];
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        found = await nodesFor(`waits-${index}-${attempt}`, pod);
        if (JSON.stringify(found) === JSON.stringify(expected.toSorted())) break;
      }
      await clear(world);

      expect(found, JSON.stringify({ world, pod, reasons }, undefined, 1)).toEqual(expected.toSorted());
    }

    console.log(`nodes by what decided about them: ${JSON.stringify(Object.fromEntries(seen))}`);
    const rules = ['fits', 'port', 'spread', 'repelled', 'anti-affinity', 'affinity'];
    expect(rules.filter((rule) => !seen.has(rule))).toEqual([]);
  });

  /** An extender that writes down which nodes it is offered for each pod, and refuses them all. */
  async function startRecorder(): Promise<number> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { Pod, NodeNames } = JSON.parse(Buffer.concat(chunks).toString()) as {
          Pod: { metadata: { name: string } };
          NodeNames: string[];
        };
        offered.set(Pod.metadata.name, NodeNames);
        const refused = Object.fromEntries(NodeNames.map((name) => [name, 'only looked at']));
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ NodeNames: [], FailedAndUnresolvableNodes: refused }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stack.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  async function build({ nodes, pods }: PeerWorld): Promise<void> {
    const room = { cpu: '16', memory: '64Gi', pods: '100' };
    for (const { metadata, spec } of nodes) {
      const status = { capacity: room, allocatable: room, conditions: [{ type: 'Ready', status: 'True' }] };
      await created('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata, spec, status });
    }
    for (const [index, { metadata, spec }] of pods.entries()) {
      const { namespace, labels, deletionTimestamp } = metadata;
      const name = `runs-${index}`;
      const finalizers = deletionTimestamp === undefined ? [] : [FINALIZER];
      await created(podsPath(namespace), { metadata: { name, labels, finalizers }, spec });
      if (deletionTimestamp !== undefined) await removed(`${podsPath(namespace)}/${name}`);
    }
  }

  async function nodesFor(name: string, { metadata: { namespace, labels }, spec }: PeerPod): Promise<string[]> {
    const path = podsPath(namespace);
    await created(path, { metadata: { name, labels }, spec });
    await eventually(
      () => api.get(`${path}/${name}`),
      ({ body }) => body.status.conditions?.[0]?.status === 'False',
    );
    await removed(`${path}/${name}`);
    return (offered.get(name) ?? []).toSorted();
  }

  async function clear({ nodes, pods }: PeerWorld): Promise<void> {
    for (const [index, { metadata }] of pods.entries()) {
      const path = `${podsPath(metadata.namespace)}/runs-${index}`;
      if (metadata.deletionTimestamp !== undefined)
        await api.patch(path, 'merge-patch+json', { metadata: { finalizers: null } });
      else await removed(path);
    }
    for (const { metadata } of nodes) await removed(`/api/v1/nodes/${metadata.name}`);
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify([body, object])).toBe(201);
  }

  async function removed(path: string): Promise<void> {
    expect((await api.remove(`${path}?gracePeriodSeconds=0`)).status, path).toBe(200);
  }
});
