import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { everyEnvironment, settingKind } from '../k8s/environment.ts';
import { recorded } from '../k8s/objects.ts';
import { eventually, type StartedProcess, startProcess } from '../started-process.ts';
import { apiOf, tokenOf } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './credentials.ts';
import { withKubeconfig } from './flags.ts';
import { startOnFreePort, startProgram, waitUntilReady } from './program.ts';

/** Nodes in three zones; France is the cleanest. */
export const NODES = [
  ['node-pl', 'PL'],
  ['node-fr', 'FR'],
  ['node-de', 'DE'],
] as const;

/** Files of mutual TLS: the extender's and kube-scheduler's are the same pair here. */
export interface TlsPaths {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What to start. */
export interface ShippedPodOptions {
  readonly assets: string;
  readonly folder: string;
  readonly plane: ControlPlane;
  /** The set of manifests whose pod it is. */
  readonly variant: string;
  /** A shipped KubeSchedulerConfiguration; its addresses and paths are replaced by those of this machine. */
  readonly configuration: string;
  readonly tls?: TlsPaths;
}

/** The three programs of the shipped pod, running. */
export interface ShippedPod {
  /** Token of the pod's service account, which every program uses that uses one. */
  readonly token: string;
  readonly extenderPort: number;
  schedulerLog(): string;
  /** The extender's log so far. */
  readonly extenderLog: readonly Record<string, unknown>[];
}

/** A file of the shipped scheduler configuration. */
export function shippedConfiguration(variant: string, file: string): string {
  const maps = recorded().variants[variant]?.filter(({ kind }) => kind === 'ConfigMap') ?? [];
  const text = maps.map(({ data }) => data[file] as string | undefined).find((found) => found !== undefined);
  if (text === undefined) throw new Error(`${variant} has no ${file}`);
  return text;
}

/** Starts poller, extender and kube-scheduler with the environment, files, account and rights of the manifests. */
export async function startShippedPod(stack: AsyncDisposableStack, options: ShippedPodOptions): Promise<ShippedPod> {
  const { folder, plane, tls } = options;
  const token = await tokenOf(apiOf(plane), 'carbon-extender', 'carbon-aware-scheduler');
  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, plane.server, { ca: plane.ca, token });
  const grid = stack.use(await startElectricityMaps({ FR: 42, DE: 300, PL: 700 }));
  const cache = join(folder, 'carbon_cache.json');
  const poller = stack.use(
    startAsShipped('poller', options, {
      CACHE_FILE: cache,
      POLLER_PORT: '0',
      ZONES: 'FR,DE,PL',
      ELECTRICITY_MAPS_API_KEY: GOOD_KEY,
      ELECTRICITY_MAPS_URL: grid.url,
    }),
  );
  await poller.logged('poller started');
  const extender = stack.use(
    startAsShipped('extender', options, {
      CACHE_FILE: cache,
      EXTENDER_PORT: '0',
      API_PORT: '0',
      KUBECONFIG: kubeconfig,
      ...(tls && { TLS_CERT_FILE: tls.cert, TLS_KEY_FILE: tls.key, TLS_CLIENT_CA_FILE: tls.ca }),
    }),
  );
  const port = Number((await extender.logged('extender started')).port);
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  await eventually(() => ask(`${url}/metrics`, tls), isReady);
  const schedulerLog = await startScheduler(stack, options, { kubeconfig, token, url });
  return { token, extenderPort: port, schedulerLog, extenderLog: extender.log };
}

/** A program with the environment of the manifests; what a loopback test must have otherwise comes on top. */
function startAsShipped(
  program: 'poller' | 'extender',
  { folder, variant }: ShippedPodOptions,
  local: Record<string, string>,
): StartedProcess {
  const where = `${variant}: Deployment carbon-aware-scheduler: ${program}`;
  const shipped = everyEnvironment().find((environment) => environment.where === where);
  if (shipped === undefined) throw new Error(`there is no ${where}`);
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const known = Object.entries(shipped.plain).filter(([name]) => settingKind(program, name) !== undefined);
  return startProcess(program, { ...Object.fromEntries(known), DATA_DIR: data, LOG_LEVEL: 'info', ...local });
}

async function startScheduler(
  stack: AsyncDisposableStack,
  { assets, folder, plane, configuration, tls }: ShippedPodOptions,
  { kubeconfig, token, url }: { kubeconfig: string; token: string; url: string },
): Promise<() => string> {
  const file = join(folder, 'scheduler.yaml');
  const local = configuration
    .replace(/https?:\/\/[^/\s]+:8888/, url)
    .replace(/caFile: .*/, `caFile: ${tls?.ca}`)
    .replace(/certFile: .*/, `certFile: ${tls?.cert}`)
    .replace(/keyFile: .*/, `keyFile: ${tls?.key}`)
    .replace(/kubeconfig: .*/, `kubeconfig: ${kubeconfig}`);
  writeFileSync(file, local.includes('kubeconfig:') ? local : withKubeconfig(local, kubeconfig));
  const args = (port: number) => [
    `--config=${file}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--tls-cert-file=server.crt',
    '--tls-private-key-file=server.key',
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    // The test's API server publishes no authority for clients' certificates.
    '--authentication-tolerate-lookup-failure=true',
    '--v=5',
  ];
  const dir = join(folder, 'plane');
  const { program } = await startOnFreePort(
    (port) => startProgram({ assets, name: 'kube-scheduler', dir, logName: 'shipped-scheduler.log', args: args(port) }),
    async (started, port) => {
      stack.use(started);
      await waitUntilReady([started], { url: `https://127.0.0.1:${port}/livez`, ca: plane.ca, token });
    },
  );
  return program.logs;
}

/** GETs a text, with a client's certificate where there is one. */
async function ask(url: string, tls: TlsPaths | undefined): Promise<string> {
  const read = (path: string) => readFileSync(path, 'utf8');
  const dispatcher = tls && new Agent({ connect: { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) } });
  const answer = await request(url, dispatcher ? { dispatcher } : {});
  return answer.body.text();
}

/** Whether the extender's metrics tell of a fresh cache file. */
function isReady(metrics: string): boolean {
  return /cache_state\{[^}]*state="fresh"[^}]*\} 1\b/.test(metrics);
}
