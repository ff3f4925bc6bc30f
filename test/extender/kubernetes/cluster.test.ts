// Flow: what is watched and written through the Kubernetes API, over real HTTP.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEventWriter } from '../../../extender/kubernetes/events.ts';
import { type BoundPod, watchBindings } from '../../../extender/placement/bindings.ts';
import { watchNamespaces } from '../../../extender/placement/namespaces.ts';
import { configuredDirectory, watchNodes } from '../../../extender/placement/nodes.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import type { KubernetesClient } from '../../../shared/runtime/kubernetes/client.ts';
import { connectKubernetes } from '../../../shared/runtime/kubernetes/connect.ts';
import { capturedLog } from '../../captured-log.ts';
import { type KubernetesApiDouble, kubeconfigFor, startKubernetesApi } from '../../doubles/kubernetes-api.ts';
import { temporaryFolder } from '../cache/cache-file.ts';

describe('connectKubernetes', () => {
  it('takes no cluster where there is none, and says so where one is wanted', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'kubeconfig');
    await writeFile(file, 'not: a kubeconfig');

    expect(connectKubernetes({ NODE_WATCH: 'auto' })).toBeUndefined();
    expect(connectKubernetes({ NODE_WATCH: 'off', KUBECONFIG: file })).toBeUndefined();
    expect(() => connectKubernetes({ NODE_WATCH: 'on', KUBECONFIG: file })).toThrow(ConfigError);
  });
});

describe('the watched nodes', () => {
  it('know zones by label, by region and provider, and else by the configuration', async () => {
    await using test = await setUp();
    test.api.put(node('labelled', { 'carbon-extender.io/zone': 'FR' }));
    test.api.put(node('aws', { 'topology.kubernetes.io/region': 'eu-central-1' }, 'aws:///eu-central-1a/i-1'));
    test.api.put(node('mapped', { 'topology.kubernetes.io/region': 'eu-central-1' }));
    const configured = configuredDirectory(new Map([['mapped', zone('PL')]]), undefined);
    await using nodes = watchNodes(test.client, configured, test);

    await expect.poll(() => nodes.ageMs()).toBeDefined();

    expect(['labelled', 'aws', 'mapped', 'gone'].map((name) => nodes.zoneOf(name))).toEqual([
      'FR',
      'DE',
      'PL',
      undefined,
    ]);
    // What the configuration places is not what a node tells.
    expect(Object.fromEntries(nodes.labelled())).toEqual({ labelled: 'FR', aws: 'DE' });
  });

  it('lists more than a page, follows changes, and is a new version only when a zone changed', async () => {
    await using test = await setUp();
    for (let at = 0; at < 250; at++) test.api.put(node(`n-${at}`, { 'carbon-extender.io/zone': 'FR' }));
    await using nodes = watchNodes(test.client, configuredDirectory(new Map(), undefined), test);
    await expect.poll(() => nodes.zoneOf('n-249')).toBe('FR');
    await expect.poll(() => test.api.requests.some((line) => line.includes('watch=true'))).toBe(true);
    const before = nodes.version;

    test.api.put(node('n-1', { 'carbon-extender.io/zone': 'FR', heartbeat: '2' }));
    test.api.put(node('n-2', { 'carbon-extender.io/zone': 'DE' }));
    test.api.remove('n-3');

    await expect.poll(() => nodes.zoneOf('n-3')).toBeUndefined();
    expect(nodes.zoneOf('n-2')).toBe('DE');
    expect(nodes.version).toBe(before + 2);
    expect(test.api.requests.filter((line) => line.includes('limit='))).toHaveLength(3);
  });

  it('resume a lost watch where it ended, without a new list', async () => {
    await using test = await setUp();
    test.api.put(node('a', { 'carbon-extender.io/zone': 'FR' }));
    await using nodes = watchNodes(test.client, configuredDirectory(new Map(), undefined), test);
    await expect.poll(() => nodes.zoneOf('a')).toBe('FR');

    test.api.dropWatches();
    test.api.put(node('a', { 'carbon-extender.io/zone': 'DE' }));

    await expect.poll(() => nodes.zoneOf('a')).toBe('DE');
    expect(test.api.requests.filter((line) => line.includes('limit='))).toHaveLength(1);
  });

  it('list anew when the server has forgotten the history, and forget what was removed meanwhile', async () => {
    await using test = await setUp();
    test.api.put(node('a', { 'carbon-extender.io/zone': 'FR' }));
    test.api.put(node('b', { 'carbon-extender.io/zone': 'FR' }));
    await using nodes = watchNodes(test.client, configuredDirectory(new Map(), undefined), test);
    await expect.poll(() => nodes.zoneOf('b')).toBe('FR');
    await expect.poll(() => test.api.requests.some((line) => line.includes('watch=true'))).toBe(true);

    test.api.status = 503;
    test.api.dropWatches();
    test.api.remove('b');
    test.api.compact();
    test.api.status = 200;

    await expect.poll(() => nodes.zoneOf('b')).toBeUndefined();
    expect(nodes.zoneOf('a')).toBe('FR');
  });

  it('keep what they know while the API server is away, grow older, and warn once', async () => {
    await using test = await setUp();
    test.api.put(node('a', { 'carbon-extender.io/zone': 'FR' }));
    await using nodes = watchNodes(test.client, configuredDirectory(new Map(), undefined), test);
    await expect.poll(() => nodes.zoneOf('a')).toBe('FR');

    test.api.status = 500;
    test.api.dropWatches();
    await expect.poll(() => nodes.ageMs() ?? 0).toBeGreaterThan(1_500);

    expect(nodes.zoneOf('a')).toBe('FR');
    expect(test.logger.at('warn')).toHaveLength(1);
  });
});

describe('the watched namespaces', () => {
  it('tell their defaults and name annotations that cannot be read', async () => {
    await using test = await setUp();
    const annotations = { 'carbon-extender.io/mode': 'advise', 'carbon-extender.io/zones': '?!' };
    test.api.put({ metadata: { name: 'shop', annotations } } as never);
    test.api.put({ metadata: { name: 'silent' } });
    const ignored: string[] = [];
    await using namespaces = watchNamespaces(test.client, {
      ...test,
      onIgnored: (bad) => ignored.push(...bad.map(({ annotation }) => annotation)),
    });

    await expect.poll(() => namespaces.of('shop')?.mode).toBe('advise');

    expect(namespaces.of('silent')).toBeUndefined();
    expect(ignored).toEqual(['carbon-extender.io/zones']);
  });
});

describe('bindings and Events', () => {
  it('tell of each pod once, whatever happens to it afterwards', async () => {
    await using test = await setUp();
    const bound: BoundPod[] = [];
    await using _watch = watchBindings(test.client, { ...test, onBound: (pod) => bound.push(pod) });
    const pod = (uid: string, labels = {}) => ({
      metadata: { name: 'web-0', namespace: 'shop', uid, labels },
      spec: { nodeName: 'node-fr' },
    });

    test.api.put(pod('u-1'));
    await expect.poll(() => bound.length).toBe(1);
    test.api.put(pod('u-1', { more: 'labels' }));
    test.api.put(pod('u-2'));
    await expect.poll(() => bound.length).toBe(2);

    const unknown = { arrivedAt: null, releasedAt: null, owner: null, isQueued: false, annotations: {} };
    const expected = { namespace: 'shop', pod: 'web-0', node: 'node-fr', ...unknown };
    expect(bound).toEqual(['u-1', 'u-2'].map((uid) => ({ ...expected, uid })));
    expect(test.api.requests[0]).toContain('spec.nodeName%21%3D%2Cstatus.phase%3DPending');
  });

  it('know when the pod was made, released, and by whom it is controlled', async () => {
    await using test = await setUp();
    const bound: BoundPod[] = [];
    await using _watch = watchBindings(test.client, { ...test, onBound: (pod) => bound.push(pod) });
    const annotations = { 'carbon-extender.io/released-at': '2026-03-14T14:00:00Z' };
    const ownerReferences = [
      { kind: 'Other', name: 'looks-on', uid: 'o-1' },
      { kind: 'Job', name: 'nightly', uid: 'j-1', controller: true },
    ];
    const times = { creationTimestamp: '2026-03-14T10:00:00Z', annotations };

    test.api.put({
      metadata: { name: 'nightly-x', namespace: 'batch', uid: 'u-9', ...times, ownerReferences },
      spec: { nodeName: 'node-fr' },
    } as never);

    await expect.poll(() => bound.length).toBe(1);
    expect(bound[0]).toMatchObject({
      arrivedAt: Date.parse('2026-03-14T10:00:00Z'),
      releasedAt: Date.parse('2026-03-14T14:00:00Z'),
      owner: { kind: 'Job', name: 'nightly', uid: 'j-1' },
      annotations,
    });
  });

  it('are written on the pod, at most at the given rate, and a failure does no harm', async () => {
    await using test = await setUp();
    const outcomes: string[] = [];
    const write = createEventWriter(test.client, {
      ...test,
      perMinute: 10,
      count: (outcome) => outcomes.push(outcome),
    });
    const event = {
      about: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'u-1' },
      type: 'Normal',
      reason: 'CarbonPlacement',
      message: 'x'.repeat(2_000),
    } as const;

    write(event);
    await expect.poll(() => outcomes).toEqual(['written']);
    test.api.status = 403;
    write(event);
    write(event);
    await expect.poll(() => outcomes.length).toBe(3);

    expect(outcomes.sort()).toEqual(['failed', 'limited', 'written']);
    expect(test.api.posted[0]?.path).toBe('/api/v1/namespaces/shop/events');
    expect(test.api.posted[0]?.body).toMatchObject({
      involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'u-1' },
      reason: 'CarbonPlacement',
      message: 'x'.repeat(1_024),
    });
  });
});

async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const api: KubernetesApiDouble = stack.use(await startKubernetesApi());
  const file = join(folder.path, 'kubeconfig');
  await writeFile(file, kubeconfigFor(api.url));
  const client = stack.use(connectKubernetes({ NODE_WATCH: 'auto', KUBECONFIG: file }) as KubernetesClient);
  const running = stack.move();
  const logger = capturedLog();
  return { api, client, logger, clock: systemClock, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function node(name: string, labels: Record<string, string>, providerID?: string) {
  return { metadata: { name, labels }, spec: { ...(providerID && { providerID }) } };
}
