// Flow: pods placed by a real kube-scheduler that calls the extender.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheText, replaceFile } from '../extender/cache/cache-file.ts';
import { eventually, type StartedProcess, startProcess } from '../started-process.ts';
import { type Api, apiOf, podFor, readyNode } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, type Scheduler, startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const NODES = { 'node-pl': 'PL', 'node-de': 'DE', 'node-fr': 'FR', 'node-fr-2': 'FR' } as const;
const INTENSITIES = { FR: 40, DE: 350, PL: 700 };
const TIMEOUT_S = 1;
const RATE_PODS = 60;

describe.skipIf(assets === undefined)('placement with a real kube-scheduler', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  const cache = join(folder, 'carbon_cache.json');
  let plane: ControlPlane;
  let api: Api;
  let extender: StartedProcess;
  let port: number;

  beforeAll(async () => {
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    api = apiOf(plane);
    for (const [name, zone] of Object.entries(NODES)) await created('/api/v1/nodes', readyNode(name, zone));
    writeFileSync(cache, cacheText(INTENSITIES, { at: Date.now(), ttlMinutes: 60 }));
    extender = startExtender();
    stack.defer(() => extender[Symbol.asyncDispose]());
    port = Number((await extender.logged('extender started')).port);
    await eventually(metrics, (text) => /node_watch_age_seconds \d/.test(text));
    await start('carbon', port);
    await start('plain', undefined);
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('puts pods on the cleanest node, and on the next cleanest when that is full', async () => {
    await created('/api/v1/nodes', readyNode('small-se', 'SE', { cpu: '350m' }));
    await replaceFile(cache, cacheText({ ...INTENSITIES, SE: 15 }, { at: Date.now(), ttlMinutes: 60 }));
    await eventually(
      () => explainAfter('carbon'),
      ({ zones }) => zones.includes('SE'),
    );

    const nodes: string[] = [];
    for (let at = 0; at < 6; at++) nodes.push(await placed(`full-${at}`, 'carbon'));

    const [se, fr] = [nodes.filter((node) => node === 'small-se'), nodes.filter((node) => node.startsWith('node-fr'))];
    expect(se.length + fr.length).toBe(nodes.length);
    expect(fr.length).toBeGreaterThan(0);
    expect(nodes.filter((node) => /^node-(pl|de)$/.test(node))).toEqual([]);
  });

  it('keeps a pod to the zones that it allows, although cleaner ones have room', async () => {
    const node = await placed('allowed', 'carbon', { 'carbon-extender.io/zones': 'PL,DE' });

    expect(node).toBe('node-de');
  });

  it('enforces a limit with a constant text and asks no more; a limit that nothing meets keeps the pod waiting', async () => {
    const annotations = { 'carbon-extender.io/max-intensity': '5', 'carbon-extender.io/enforce': 'true' };
    await createPod('strict', 'carbon', annotations);

    const pod = await eventually(
      () => api.get('/api/v1/namespaces/default/pods/strict'),
      ({ body }) => body.status.conditions?.[0]?.reason === 'Unschedulable',
    );
    const before = await calls('filter');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const after = await calls('filter');

    expect(pod.body.status.conditions[0].message).toContain("is above the pod's max-intensity of 5 gCO2eq/kWh");
    expect(after - before).toBeLessThan(5);
    await api.patch('/api/v1/namespaces/default/pods/strict', 'merge-patch+json', {
      metadata: { annotations: { 'carbon-extender.io/enforce': 'false' } },
    });
    await bound('strict');
  });

  it('tells the placement in an Event, in /explain and in a decision record', async () => {
    const node = await placed('told', 'carbon');

    const events = await eventually(
      () => api.get('/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dtold'),
      ({ body }) => body.items.some(isPlacement),
    );
    const explained = await explain('default/told');
    const counted = await eventually(metrics, (text) =>
      /decision_records_total\{outcome="handed-over"\} \d/.test(text),
    );

    expect(events.body.items.find(isPlacement).message).toMatch(
      /^placed in \w+ \d+ g\/kWh; the candidates' mean was \d+$/,
    );
    expect(explained).toMatchObject({ pod: 'default/told', node, mode: 'enforce' });
    expect(counted).toMatch(/placed_pods_total\{zone="FR"\} \d/);
  });

  it('delays nobody beyond httpTimeout when the extender hangs, is killed, or is slow to come', async () => {
    await using hanging = await startHanging();
    await start('hanging', hanging.port);
    const hung = await timed(() => placed('hung', 'hanging'));
    await extender[Symbol.asyncDispose]();
    const killed = await timed(() => placed('killed', 'carbon'));

    // Each of filter and prioritize may take its whole time-out; the rest is the scheduler's and the machine's own.
    expect(hung).toBeLessThan(2 * TIMEOUT_S * 1_000 + 3_000);
    expect(killed).toBeLessThan(3_000);
    extender = startExtender();
    port = Number((await extender.logged('extender started')).port);
  });

  it('prints pods per second with and without the extender', async () => {
    await start('rated', port);
    const rates: Record<string, number[]> = { 'with the extender': [], without: [] };
    for (let round = 0; round < 3; round++) {
      rates['with the extender']?.push(await podsPerSecond('rated', `with-${round}`));
      rates.without?.push(await podsPerSecond('plain', `without-${round}`));
    }

    console.log(`pods per second over ${RATE_PODS} pods, three rounds by turns`);
    console.table(
      Object.fromEntries(
        Object.entries(rates).map(([name, all]) => [name, all.map((rate) => rate.toFixed(0)).join(', ')]),
      ),
    );
    expect(Object.values(rates).flat()).toHaveLength(6);
  });

  async function podsPerSecond(scheduler: string, prefix: string): Promise<number> {
    const names = Array.from({ length: RATE_PODS }, (_, at) => `${prefix}-${at}`);
    const took = await timed(async () => {
      await Promise.all(names.map((name) => createPod(name, scheduler)));
      await eventually(
        () => api.get('/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName!%3D&limit=5000'),
        ({ body }) => body.items.filter((pod: NamedPod) => pod.metadata.name.startsWith(prefix)).length === RATE_PODS,
      );
    });
    for (const name of names) await remove(`/api/v1/namespaces/default/pods/${name}`);
    return RATE_PODS / (took / 1_000);
  }

  function startExtender(): StartedProcess {
    return startProcess('extender', {
      CACHE_FILE: cache,
      DATA_DIR: join(folder, 'data'),
      EXTENDER_PORT: '0',
      API_PORT: '0',
      EXTENDER_HOST: '127.0.0.1',
      API_HOST: '127.0.0.1',
      KUBECONFIG: plane.kubeconfig,
      LOG_LEVEL: 'info',
    });
  }

  /** A kube-scheduler of its own profile; without a port one that calls no extender. */
  async function start(name: string, extenderPort: number | undefined): Promise<Scheduler> {
    const extenders = `extenders:
- urlPrefix: http://127.0.0.1:${extenderPort}
  filterVerb: filter
  prioritizeVerb: prioritize
  preemptVerb: preempt
  weight: 100
  nodeCacheCapable: true
  ignorable: true
  httpTimeout: ${TIMEOUT_S}s
`;
    return plane.startScheduler(`apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: ${name}
clientConnection:
  qps: 1000
  burst: 1000
${extenderPort === undefined ? '' : extenders}`);
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }

  function createPod(name: string, scheduler: string, annotations: Record<string, string> = {}): Promise<void> {
    const pod = podFor(name, annotations) as { spec: object };
    return created('/api/v1/namespaces/default/pods', { ...pod, spec: { ...pod.spec, schedulerName: scheduler } });
  }

  async function placed(name: string, scheduler: string, annotations: Record<string, string> = {}): Promise<string> {
    await createPod(name, scheduler, annotations);
    return bound(name);
  }

  async function bound(name: string): Promise<string> {
    const pod = await eventually(
      () => api.get(`/api/v1/namespaces/default/pods/${name}`),
      ({ body }) => body.spec?.nodeName !== undefined,
    );
    return pod.body.spec.nodeName;
  }

  let probes = 0;
  async function explainAfter(scheduler: string): Promise<{ zones: string[] }> {
    const name = `probe-${probes++}`;
    await placed(name, scheduler);
    const { candidates } = await explain(`default/${name}`);
    await remove(`/api/v1/namespaces/default/pods/${name}`);
    return { zones: candidates.flatMap(({ zone, carbon_intensity }) => (carbon_intensity === null ? [] : [zone])) };
  }

  async function explain(pod: string): Promise<{ candidates: { zone: string; carbon_intensity: number | null }[] }> {
    const answer = await fetch(`http://127.0.0.1:${port}/explain?pod=${pod}`);
    return (await answer.json()) as never;
  }

  function metrics(): Promise<string> {
    return fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
  }

  async function calls(verb: string): Promise<number> {
    const counts = (await metrics()).matchAll(
      new RegExp(`call_duration_seconds_count\\{verb="${verb}"[^}]*\\} (\\d+)`, 'g'),
    );
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async function remove(path: string): Promise<void> {
    await api.remove(`${path}?gracePeriodSeconds=0`);
  }
});

interface NamedPod {
  readonly metadata: { readonly name: string };
}

function isPlacement(event: { reason: string }): boolean {
  return event.reason === 'CarbonPlacement';
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A server that takes calls and never answers them. */
async function startHanging(): Promise<{ port: number } & AsyncDisposable> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
