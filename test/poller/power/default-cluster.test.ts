// Flow: a cluster without Kepler, from the poller of the chart's default values to grams of every pod.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createApiMetrics } from '../../../extender/api/api-metrics.ts';
import { createApp } from '../../../extender/api/app.ts';
import { storedFacility } from '../../../extender/api/facility.ts';
import { configuredDirectory, watchNodes } from '../../../extender/placement/nodes.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { startPoller } from '../../../poller/poller.ts';
import { builtInProfiles } from '../../../shared/calculator/service-profiles.ts';
import { gramsPerKwh, hourOf, watts } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { connectKubernetes } from '../../../shared/runtime/kubernetes/connect.ts';
import { capturedLog } from '../../captured-log.ts';
import { type RunningContainer, startKubeletDouble } from '../../doubles/kubelet.ts';
import { startKubernetesApi } from '../../doubles/kubernetes-api.ts';
import { FakeClock } from '../../fake-clock.ts';
import { everyEnvironment } from '../../k8s/environment.ts';
import { makeAuthority, makeServerCertificate, opensslAvailable } from '../../servers/certificates.ts';
import { sqliteRecording } from '../../shared/store/opened-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'default-cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pods = (prefix: string): RunningContainer[] =>
  ['web-0', 'db-0'].map((pod) => ({
    ...{ namespace: 'shop', pod: `${prefix}-${pod}`, container: 'app' },
    ...{ cores: 0.5, memoryBytes: 1e9 },
  }));

describe.skipIf(!opensslAvailable())('a cluster without Kepler', () => {
  it('shows grams of every pod within two minutes, labelled as modelled and with bounds', async () => {
    const clock = new FakeClock();
    const { ca, served } = certificates();
    await using aws = await startKubeletDouble({ clock, containers: pods('aws'), nodeCores: 1.2, tls: served });
    await using metal = await startKubeletDouble({ clock, containers: pods('metal'), nodeCores: 1.2, tls: served });
    await using cluster = await startCluster(served, { aws: portOf(aws.url), metal: portOf(metal.url) });
    const account = join(folder, 'account');
    mkdirSync(account);
    writeFileSync(join(account, 'ca.crt'), ca);
    writeFileSync(join(account, 'token'), 'account-token');
    const inPod = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: cluster.port };
    const config = loadConfig('poller', pollerConfigSchema, {
      ...chartPoller(),
      ...inPod,
      // What a pod has of its own, and the grid's part, which has tests of its own.
      ...{ KUBERNETES_CREDENTIALS_DIR: account, DATA_DIR: folder, CACHE_FILE: join(folder, 'cache.json') },
      ...{ POLLER_PORT: '0', POLLER_TASKS: 'power', METER_NODES: 'metal=rack-1' },
    });
    const log = capturedLog();
    await using api = await startApi(config, clock, log);
    await using _poller = await startPoller(config, { clock, logger: log });

    const since = clock.now();
    let rows: Record<string, Record<string, unknown>> = {};
    while (Object.keys(rows).length < 4 && clock.now() - since < 120_000) {
      await clock.advance(5_000);
      await new Promise((resolve) => setTimeout(resolve, 200));
      rows = await api.rows();
    }

    expect(Object.keys(rows).sort()).toEqual(
      ['aws-db-0', 'aws-web-0', 'metal-db-0', 'metal-web-0'].map((pod) => `shop/${pod}`),
    );
    for (const [name, row] of Object.entries(rows)) {
      expect(row).toMatchObject({ power_quality: 'modelled', zones: ['DE'], unpriced_kwh: 0 });
      expect(row.power_models).toEqual([name.includes('aws') ? 'aws:m5.xlarge' : 'generic']);
      expect(Number(row.grams)).toBeGreaterThan(0);
      expect(Number(row.kwh_low)).toBeLessThan(Number(row.kwh));
      expect(Number(row.kwh_high)).toBeGreaterThan(Number(row.kwh));
    }
    expect([aws.authorization, metal.authorization]).toEqual(['Bearer account-token', 'Bearer account-token']);
    // Kepler is not there, and that is not an error.
    expect(log.at('error')).toEqual([]);
    // The machine is known of the cloud's node alone, once the API has read anew what the poller stored.
    await clock.advance(60_000);
    rows = await api.rows();
    expect(rows['shop/aws-web-0']?.embodied_grams).toBeGreaterThan(0);
    expect(rows['shop/metal-web-0']?.embodied_grams).toBeNull();

    await api.meter(90, clock.now() - 180_000, clock.now() + 60_000);
    for (let minute = 0; minute < 4; minute += 1) {
      await clock.advance(60_000);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect((await api.nodes()).metal?.unmetered_share).toBeGreaterThan(0.5);
    expect((await api.nodes()).aws?.unmetered_share).toBe(0);
  });
});

/** The environment that the chart's default values give the poller. */
function chartPoller(): Readonly<Record<string, string>> {
  const [found] = everyEnvironment().filter(({ where, program }) => where.startsWith('chart:') && program === 'poller');
  if (found === undefined) throw new Error('the chart has no poller');
  return found.plain;
}

function certificates() {
  makeAuthority(folder, 'ca');
  makeServerCertificate(folder, 'node', 'ca', 'IP:127.0.0.1');
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  return { ca: read('ca.crt'), served: { cert: read('node.crt'), key: read('node.key') } };
}

/** An API server over TLS with two nodes: one of a cloud, one of which nothing is known but its CPUs. */
async function startCluster(tls: { cert: string; key: string }, ports: Readonly<Record<'aws' | 'metal', number>>) {
  const api = await startKubernetesApi();
  const node = (name: 'aws' | 'metal', labels: Record<string, string>, providerID?: string) =>
    api.put({
      metadata: { name, labels },
      spec: { ...(providerID && { providerID }) },
      status: {
        capacity: { cpu: '4', memory: '16Gi' },
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: ports[name] } },
      },
    } as never);
  const region = { 'topology.kubernetes.io/region': 'eu-central-1', 'node.kubernetes.io/instance-type': 'm5.xlarge' };
  node('aws', region, 'aws:///eu-central-1a/i-0abc');
  node('metal', { 'carbon-extender.io/zone': 'DE' });
  const server = await listen(
    (incoming, response) => {
      if (!incoming.url?.startsWith('/api/v1/nodes'))
        return void response.setHeader('Content-Type', 'application/json').end('{"metadata":{},"items":[]}');
      const { method, headers } = incoming;
      const asked = request(api.url + incoming.url, { ...(method && { method }), headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => response.destroy()).pipe(response);
      });
      asked.on('error', () => response.destroy());
      response.on('close', () => asked.destroy());
      incoming.pipe(asked);
    },
    { host: '127.0.0.1', port: 0 },
    createServer(tls),
  );
  return {
    port: String(server.port),
    async [Symbol.asyncDispose]() {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** The API over the poller's store, with the zones of the cluster's nodes and the intensity of their zone. */
async function startApi(
  config: ReturnType<typeof loadConfig<(typeof pollerConfigSchema)['shape']>>,
  clock: FakeClock,
  logger: ReturnType<typeof capturedLog>,
) {
  const stack = new AsyncDisposableStack();
  const store = stack.use(sqliteRecording(folder));
  const client = connectKubernetes(config);
  if (client === undefined) throw new Error('the pod’s environment names the API server');
  stack.use(client);
  const nodes = stack.use(watchNodes(client, configuredDirectory(new Map(), undefined), { clock, logger }));
  const reading = { zone: zone('DE'), carbonIntensity: gramsPerKwh(300), provider: 'test' };
  await store.history.record([{ ...reading, hour: hourOf(clock.now()), signal: 'average', quality: 'measured' }]);
  const app = createApp({
    store: store.history,
    workloads: store.workloads,
    profiles: builtInProfiles(),
    zoneOfNode: (node) => nodes.zoneOf(node),
    facility: storedFacility(store.nodeMachines, { pue: new Map(), embodiedKg: new Map(), lifetimeYears: 4 }, clock),
    clock,
    logger,
    metrics: createApiMetrics(),
    mode: 'local',
    token: undefined,
  });
  const server = stack.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  return {
    /** Pods of the shop by name, those with grams. */
    async rows(): Promise<Record<string, Record<string, unknown>>> {
      const url = `http://127.0.0.1:${server.port}/api/emissions?window=1h&aggregate=pod&namespace=shop`;
      const { data } = (await (await fetch(url)).json()) as { data: Record<string, Record<string, unknown>>[] };
      return Object.fromEntries(Object.entries(data[0] ?? {}).filter(([, row]) => row.grams !== null));
    },
    async nodes(): Promise<Record<string, { readonly unmetered_share: number }>> {
      const response = await fetch(`http://127.0.0.1:${server.port}/api/node-power`);
      const { nodes: found } = (await response.json()) as { nodes: { node: string; unmetered_share: number }[] };
      return Object.fromEntries(found.map((row) => [row.node, row]));
    },
    /** Constant power of the meter on the outlet of the metal node. */
    async meter(power: number, from: number, to: number) {
      const count = Math.floor((to - from) / 30_000) + 1;
      const readings = Array.from({ length: count }, (_, at) => ({
        ...{ siteId: 'rack-1', deviceId: 'pdu-1', watts: watts(power) },
        ...{ timestamp: from + at * 30_000, streamId: `${from}-${at}` },
      }));
      await store.meters.appendReadings(readings);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
