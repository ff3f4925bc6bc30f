import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startClusterApi } from '../../../cli/demo/cluster-api.ts';
import { createClusterObjects } from '../../../cli/demo/cluster-objects.ts';
import { watchCollection } from '../../../extender/kubernetes/collection.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { connectKubernetes } from '../../../shared/runtime/kubernetes/connect.ts';
import { listObjects } from '../../../shared/runtime/kubernetes/list.ts';
import { capturedLog } from '../../captured-log.ts';

const pod = (name: string, spec = {}) => ({
  metadata: { name, namespace: 'shop' },
  spec,
  status: { phase: 'Pending' },
});

/** The demo's API, and the product's own client of it. */
async function start() {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const objects = createClusterObjects(systemClock);
  const api = stack.use(await startClusterApi(objects));
  const file = join(folder, 'kubeconfig.json');
  const cluster = { name: 'demo', cluster: { server: `http://127.0.0.1:${api.port}` } };
  const context = { name: 'demo', context: { cluster: 'demo', user: 'demo' } };
  const users = [{ name: 'demo', user: { token: 'demo' } }];
  writeFileSync(file, JSON.stringify({ 'current-context': 'demo', clusters: [cluster], contexts: [context], users }));
  const client = connectKubernetes({ NODE_WATCH: 'auto', KUBECONFIG: file });
  if (client === undefined) throw new Error('no client');
  stack.use(client);
  const running = stack.move();
  return { objects, client, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

describe('the API server of the demo, to the product’s own client', () => {
  it('lists all pages of a collection, and only what a field selector matches', async () => {
    await using demo = await start();
    for (let index = 0; index < 7; index++)
      demo.objects.put('pods', pod(`p-${index}`, index < 2 ? { nodeName: 'n' } : {}));

    const all = await Array.fromAsync(listObjects(demo.client, '/api/v1/pods', { pageSize: 3 }));
    const unbound = await Array.fromAsync(
      listObjects(demo.client, '/api/v1/pods', { fieldSelector: 'status.phase=Pending,spec.nodeName=' }),
    );
    const bound = await Array.fromAsync(listObjects(demo.client, '/api/v1/pods', { fieldSelector: 'spec.nodeName!=' }));

    expect([all.length, unbound.length, bound.length]).toEqual([7, 5, 2]);
  });

  it('reports to a watch what begins and ceases to match', async () => {
    await using demo = await start();
    const seen: string[] = [];
    await using watched = watchCollection<string>({
      ...{ client: demo.client, clock: systemClock, logger: capturedLog() },
      path: '/api/v1/pods',
      fieldSelector: 'spec.nodeName=',
      keep: (object) => (object as { metadata: { name: string } }).metadata.name,
      onChange: (key, now) => seen.push(`${now === undefined ? '-' : '+'}${key}`),
    });
    await expect.poll(() => watched.ageMs()).toBeDefined();

    demo.objects.put('pods', pod('web'));
    await expect.poll(() => seen).toEqual(['+shop/web']);
    demo.objects.put('pods', pod('web', { nodeName: 'n' }));

    await expect.poll(() => seen).toEqual(['+shop/web', '-shop/web']);
  });

  it('removes a scheduling gate by strategic merge patch, and refuses the patch of another object of that name', async () => {
    await using demo = await start();
    const gates = [{ name: 'carbon-extender.io/wait' }, { name: 'other' }];
    const { metadata } = demo.objects.put('pods', pod('job', { schedulingGates: gates }));
    const patch = (uid: string) => ({
      type: 'application/strategic-merge-patch+json' as const,
      value: { metadata: { uid }, spec: { schedulingGates: [{ name: 'carbon-extender.io/wait', $patch: 'delete' }] } },
    });

    await demo.client.request('PATCH', '/api/v1/namespaces/shop/pods/job', patch(metadata.uid ?? ''));
    const refused = demo.client.request('PATCH', '/api/v1/namespaces/shop/pods/job', patch('another'));

    await expect(refused).rejects.toMatchObject({ status: 409 });
    expect(demo.objects.get('pods', 'shop/job')?.spec?.schedulingGates).toEqual([{ name: 'other' }]);
  });

  it('creates once and answers 404 for what is not there', async () => {
    await using demo = await start();
    const create = () =>
      demo.client.request('POST', '/apis/coordination.k8s.io/v1/namespaces/a/leases', {
        type: 'application/json',
        value: { metadata: { name: 'leader' } },
      });

    await create();

    await expect(create()).rejects.toMatchObject({ status: 409 });
    await expect(demo.client.request('GET', '/api/v1/namespaces/a/pods/none')).rejects.toMatchObject({ status: 404 });
    expect(demo.objects.get('leases', 'a/leader')?.metadata.namespace).toBe('a');
  });
});
