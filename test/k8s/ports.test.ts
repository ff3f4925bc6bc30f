// Flow: ports in manifests against those where the programs listen.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { superviseApiThread } from '../../extender/api/api-thread.ts';
import { extenderConfigSchema } from '../../extender/config.ts';
import { type Extender, startExtender } from '../../extender/extender.ts';
import { pollerConfigSchema } from '../../poller/config.ts';
import { startPoller } from '../../poller/poller.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { freePort } from '../servers/free-port.ts';
import { everyObject, everyPod, programOf } from './objects.ts';

const extender = loadConfig('extender', extenderConfigSchema, {});
const poller = loadConfig('poller', pollerConfigSchema, {});

/** What each named port must be, from the defaults of the programs; kube-scheduler's is Kubernetes' own. */
const PORTS: Record<string, number> = {
  scheduler: extender.EXTENDER_PORT,
  api: extender.API_PORT,
  poller: poller.POLLER_PORT,
  admission: extender.ADMISSION_PORT,
  'kube-scheduler': 10_259,
};

const containers = everyPod().flatMap(({ where, spec }) =>
  spec.containers.map((container) => ({ where: `${where}: ${container.name}`, container })),
);
const ours = containers.filter(({ container }) => programOf(container) !== undefined);

describe('ports in the manifests', () => {
  it('are those that the programs listen on', () => {
    const named = containers.flatMap(({ container }) => container.ports ?? []).filter(({ name }) => name in PORTS);

    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ name, containerPort }) => PORTS[name] !== containerPort)).toEqual([]);
  });

  it('are served under the same number by the Services', () => {
    const ports = everyObject()
      .filter(({ object }) => object.kind === 'Service' && object.metadata.name.startsWith('carbon-extender'))
      .flatMap(({ object }) => object.spec.ports as { name: string; port: number; targetPort: string }[]);

    expect(ports.length).toBeGreaterThan(50);
    const wrong = ports.filter(({ name, port, targetPort }) =>
      name === 'http' ? port !== 80 || PORTS[targetPort] === undefined : PORTS[name] !== port || name !== targetPort,
    );

    expect(wrong).toEqual([]);
  });

  it('of metrics are open to monitoring, all of them', () => {
    const policies = everyObject().filter(
      ({ object }) => object.kind === 'NetworkPolicy' && /(^|-)metrics$/.test(object.metadata.name),
    );

    expect(policies.length).toBeGreaterThan(10);
    const { admission: _admission, ...measured } = PORTS;
    for (const { object } of policies)
      expect(object.spec.ingress[0].ports.map(({ port }: { port: number }) => port)).toEqual(Object.values(measured));
  });
});

describe('volumes in the manifests', () => {
  it('outwards to DNS and Kepler do not hang on pods, since both may live in the network of a node', () => {
    const outwards = everyObject()
      .filter(({ object }) => object.kind === 'NetworkPolicy')
      // biome-ignore lint/suspicious/noExplicitAny: its fields are checked against Kubernetes' own schemas.
      .flatMap(({ variant, object }) => ((object as any).spec.egress ?? []).map((rule: Egress) => ({ variant, rule })))
      .filter(({ rule }) => rule.ports?.some(({ port }: { port: number }) => [53, 28282, 9102].includes(port)));

    expect(outwards.length).toBeGreaterThan(20);
    expect(outwards.filter(({ rule }) => rule.to !== undefined)).toEqual([]);
  });

  it('are mounted where the programs look by default', () => {
    const paths = (program: 'poller' | 'extender', name: string) =>
      ours
        .filter(({ container }) => programOf(container) === program && container.name === name)
        .map(({ container }) => container.volumeMounts?.map(({ mountPath }) => mountPath) ?? []);

    for (const mounted of [...paths('poller', 'poller'), ...paths('extender', 'extender')]) {
      expect(mounted).toContain(poller.DATA_DIR);
      expect(mounted.some((path) => poller.CACHE_FILE.startsWith(`${path}/`))).toBe(true);
    }
    expect(extender.CACHE_FILE).toBe(poller.CACHE_FILE);
    expect(extender.DATA_DIR).toBe(poller.DATA_DIR);
  });
});

interface Egress {
  readonly to?: unknown;
  readonly ports?: readonly { readonly port: number }[];
}

describe('paths in the manifests', () => {
  let folder: string;
  let running: Extender & { pollerPort: number; apiPort: number };
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paths-'));
    const logger = capturedLog();
    const files = { CACHE_FILE: join(folder, 'carbon_cache.json'), DATA_DIR: folder };
    const started = stack.use(
      await startPoller({ ...poller, ...files, POLLER_PORT: 0, POLLER_TASKS: ['retention'] }, { logger }),
    );
    const apiPort = await freePort();
    const serving = stack.use(
      await startExtender(
        { ...extender, ...files, EXTENDER_PORT: 0, API_PORT: apiPort, LOG_LEVEL: 'silent' },
        { logger, startApi: superviseApiThread },
      ),
    );
    running = { ...serving, apiPort, pollerPort: started.port };
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (port: string) =>
    `http://127.0.0.1:${{ scheduler: running.schedulerPort, api: running.apiPort, poller: running.pollerPort }[port]}`;

  it('of probes are answered 200 by the programs', async () => {
    // The extender does not wait for the API for longer than 10 s, which it may need on a busy machine.
    await expect.poll(async () => (await fetch(`${address('api')}/healthz`)).status).toBe(200);
    const probes = ours.flatMap(({ container }) =>
      ['startupProbe', 'livenessProbe', 'readinessProbe'].flatMap((kind) => container[kind]?.httpGet ?? []),
    );
    const asked = [...new Set(probes.map(({ port, path }) => `${port} ${path}`))];

    expect(probes.length).toBeGreaterThan(50);
    for (const probe of [...asked, 'api /healthz', 'api /readyz', 'api /health']) {
      const [port = '', path = ''] = probe.split(' ');
      const answer = await fetch(address(port) + path);

      expect(answer.status, probe).toBe(200);
    }
  });

  it('of metrics are answered by every port that a ServiceMonitor names', async () => {
    const endpoints = everyObject()
      .filter(({ object }) => object.kind === 'ServiceMonitor')
      .flatMap(({ object }) => object.spec.endpoints as { port: string; path: string }[]);
    const own = endpoints.filter(({ port }) => port !== 'kube-scheduler');

    expect(own.length).toBeGreaterThan(5);
    for (const { port, path } of own) expect((await fetch(address(port) + path)).status, port).toBe(200);
  });

  it('of the scheduler configurations are verbs of the extender, on its port', async () => {
    const files = everyObject()
      .filter(({ object }) => object.kind === 'ConfigMap')
      .flatMap(({ object }) => Object.values((object.data ?? {}) as Record<string, string>))
      .filter((text) => text.includes('KubeSchedulerConfiguration'));
    const extenders = files.flatMap((text) => (parse(text) as { extenders: SchedulerExtender[] }).extenders);

    expect(extenders.length).toBeGreaterThan(30);
    for (const { urlPrefix, ignorable, nodeCacheCapable, httpTimeout } of extenders) {
      expect(new URL(urlPrefix).port).toBe(String(extender.EXTENDER_PORT));
      expect({ ignorable, nodeCacheCapable }).toEqual({ ignorable: true, nodeCacheCapable: true });
      expect(httpTimeout).toMatch(/^\d{1,3}ms$/);
    }
    const verbs = new Set(extenders.flatMap((one) => [one.filterVerb, one.prioritizeVerb, one.preemptVerb]));
    verbs.delete(undefined);
    for (const verb of verbs) {
      const answer = await fetch(`${address('scheduler')}/${verb}`, { method: 'POST', body: '{}' });

      expect(answer.status, verb).not.toBe(404);
    }
    expect([...verbs].sort()).toEqual(['filter', 'preempt', 'prioritize']);
  });
});

interface SchedulerExtender {
  readonly urlPrefix: string;
  readonly ignorable?: boolean;
  readonly nodeCacheCapable?: boolean;
  readonly httpTimeout?: string;
  readonly filterVerb?: string;
  readonly prioritizeVerb?: string;
  readonly preemptVerb?: string;
}
