import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { watchNodeUtilisation } from '../../../extender/placement/node-utilisation.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../../../shared/runtime/kubernetes/connect.ts';
import { capturedLog } from '../../captured-log.ts';
import { kubeconfigFor } from '../../doubles/kubernetes-api.ts';
import { temporaryFolder } from '../cache/cache-file.ts';

describe('the utilisation of nodes', () => {
  it('is above the limit from more than it on: of CPU or of memory, exactly at it not', async () => {
    await using test = await setUp(80, [
      node('at', { cpu: '4', memory: '10485760Ki' }),
      node('cpu'),
      node('memory'),
      node('empty'),
    ]);
    test.pods('ADDED', [
      // 32 times a tenth of a CPU is exactly 80 % of 4, and 32 times 256 MiB 80 % of 10 GiB.
      ...Array.from({ length: 32 }, (_, at) => pod(`at-${at}`, 'at', { cpu: '100m', memory: '256Mi' })),
      pod('cpu', 'cpu', { cpu: '3201m' }),
      pod('memory', 'memory', { memory: `${0.8 * 8 * 2 ** 30 + 1}` }),
    ]);

    await expect.poll(() => [...test.utilisation.above].sort()).toEqual(['cpu', 'memory']);
  });

  it('follows pods that come, change, end and go, and what a node can give', async () => {
    await using test = await setUp(50, [node('a')]);
    const above = () => expect.poll(() => [...test.utilisation.above]);

    test.pods('ADDED', [pod('one', 'a', { cpu: '2' }), pod('two', 'a', { cpu: '1' })]);
    await above().toEqual(['a']);
    test.pods('DELETED', [pod('two', 'a', { cpu: '1' })]);
    await above().toEqual([]);
    test.pods('MODIFIED', [pod('one', 'a', { cpu: '2500m' })]);
    await above().toEqual(['a']);
    test.nodes('MODIFIED', [node('a', { cpu: '8', memory: '8Gi' })]);
    await above().toEqual([]);
    test.nodes('MODIFIED', [node('a', { cpu: '1', memory: '8Gi' })]);
    await above().toEqual(['a']);
    test.nodes('DELETED', [node('a')]);
    await above().toEqual([]);
  });

  it('is not known of a node that does not say what it can give, or can give nothing', async () => {
    await using test = await setUp(1, [node('silent', {}), node('zero', { cpu: '0', memory: '0' }), node('full')]);

    test.pods(
      'ADDED',
      ['silent', 'zero', 'full'].map((name) => pod(name, name, { cpu: '9', memory: '9Gi' })),
    );

    await expect.poll(() => [...test.utilisation.above]).toEqual(['full']);
  });

  it('counts pods that have a node and have not ended', async () => {
    await using test = await setUp(50, []);

    await expect.poll(() => test.selectors.length).toBeGreaterThan(0);

    expect(test.selectors).toContain('spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed');
  });
});

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An API server with some nodes, whose watches can be written to. */
async function setUp(limitPercent: number, listed: readonly object[]) {
  await using stack = new AsyncDisposableStack();
  const watches = new Map<string, Promise<ServerResponse>>();
  const opened = new Map<string, (response: ServerResponse) => void>();
  for (const kind of ['nodes', 'pods']) watches.set(kind, new Promise((resolve) => opened.set(kind, resolve)));
  const selectors: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const kind = url.pathname.split('/').at(-1) ?? '';
    if (kind === 'pods') selectors.push(url.searchParams.get('fieldSelector') ?? '');
    if (url.searchParams.get('watch') !== 'true') {
      response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: kind === 'nodes' ? listed : [] }));
      return;
    }
    response.flushHeaders();
    opened.get(kind)?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = stack.use(await temporaryFolder());
  const file = join(folder.path, 'kubeconfig');
  await writeFile(file, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const client = stack.use(connectKubernetes({ NODE_WATCH: 'auto', KUBECONFIG: file }) as KubernetesClient);
  const options = { limitPercent, clock: systemClock, logger: capturedLog() };
  const utilisation = stack.use(watchNodeUtilisation(client, options));
  const write = (kind: string) => (type: EventType, objects: readonly object[]) =>
    void watches.get(kind)?.then((watch) => {
      for (const object of objects) watch.write(`${JSON.stringify({ type, object })}\n`);
    });
  const running = stack.move();
  return {
    ...{ utilisation, selectors, nodes: write('nodes'), pods: write('pods') },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function node(name: string, allocatable: Record<string, string> = { cpu: '4', memory: '8Gi' }) {
  return { metadata: { name, resourceVersion: '2' }, status: { allocatable } };
}

function pod(name: string, nodeName: string, requests: Record<string, string>) {
  const containers = [{ name: 'app', resources: { requests } }];
  return { metadata: { name, namespace: 'shop', resourceVersion: '2' }, spec: { nodeName, containers } };
}
