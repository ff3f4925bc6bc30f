import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../k8s/objects.ts';
import { freePort } from '../servers/free-port.ts';
import { eventually } from '../started-process.ts';
import { apiOf, applyAll } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import { CREDENTIAL_FILES } from './credentials.ts';
import { type Program, startOnFreePort, startProgram } from './program.ts';

/** The folder of the programs if it has Kueue's controller, too; undefined, said loudly, where it has not. */
export function kueueAssets(assets: string | undefined): string | undefined {
  if (assets === undefined) return undefined;
  if (existsSync(join(assets, 'kueue')) && existsSync(join(assets, 'kueue-resources/webhooks.yaml'))) return assets;
  process.stderr.write(
    `\n!! LEFT OUT: the tests with a real Kueue. To run them: test/cluster/assets/build ${assets} kueue\n` +
      '!! The protocol is held by recorded objects: test/extender/deferral/kueue.test.ts\n\n',
  );
  return undefined;
}

/** What to start Kueue with. */
export interface KueueOptions {
  readonly assets: string;
  readonly plane: ControlPlane;
  /** Folder of the control plane, whose certificate Kueue's webhooks use. */
  readonly dir: string;
  /** Its feature gate `AdmissionGatedBy`; off, it behaves as versions before 0.17 do. */
  readonly admissionGatedBy: boolean;
  /** Seconds after which admitted work that is not ready is evicted. */
  readonly podsReadySeconds?: number;
}

/** Installs the definitions of Kueue's resources: its quota objects can be created then. */
export async function installKueueResources(assets: string, plane: ControlPlane): Promise<void> {
  const folder = join(assets, 'kueue-resources/crds');
  const definitions = readdirSync(folder).flatMap((file) => documents(readFileSync(join(folder, file), 'utf8')));
  const refused = await applyAll(apiOf(plane), definitions);
  if (refused.length > 0) throw new Error(refused.join('\n'));
  await eventually(
    () => apiOf(plane).get('/apis/kueue.x-k8s.io/v1beta2/workloads'),
    ({ status }) => status === 200,
  );
}

/** Starts Kueue's controller with its webhooks against a control plane that has its resources. */
export async function startKueue(options: KueueOptions): Promise<Program> {
  const { assets, plane, dir } = options;
  const certificates = join(dir, 'metrics-certs');
  mkdirSync(certificates, { recursive: true });
  cpSync(join(dir, CREDENTIAL_FILES.serverCertificate), join(certificates, 'tls.crt'));
  cpSync(join(dir, CREDENTIAL_FILES.serverKey), join(certificates, 'tls.key'));
  const webhookPort = await freePort();
  const { program } = await startOnFreePort(
    (port) => {
      const file = `kueue-${port}.yaml`;
      writeFileSync(join(dir, file), stringify(configuration({ port, webhookPort, certificates }, options)));
      const args = [`--config=${file}`, '--kubeconfig=kubeconfig', '--zap-log-level=2'];
      return startProgram({ assets, name: 'kueue', dir, logName: 'kueue.log', args });
    },
    (started, port) => ready(started, port),
  );
  const refused = await applyAll(apiOf(plane), webhooks(assets, webhookPort, plane));
  if (refused.length > 0) throw new Error(refused.join('\n'));
  return program;
}

async function ready(program: Program, port: number): Promise<void> {
  await eventually(
    async () => {
      const ended = program.ended();
      if (ended !== undefined) throw new Error(`kueue ended (${ended}):\n${program.logs().slice(-3_000)}`);
      return fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    (ok) => ok,
  );
}

function configuration(
  { port, webhookPort, certificates }: { port: number; webhookPort: number; certificates: string },
  { admissionGatedBy, podsReadySeconds }: KueueOptions,
): object {
  return {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    health: { healthProbeBindAddress: `127.0.0.1:${port}` },
    metrics: { bindAddress: '0' },
    webhook: { host: '127.0.0.1', port: webhookPort, certDir: certificates },
    leaderElection: { leaderElect: false },
    // Twenty requests a second by default: its hours do not pass faster.
    clientConnection: { qps: 500, burst: 1_000 },
    internalCertManagement: { enable: false },
    integrations: { frameworks: ['batch/job', 'pod', 'deployment', 'statefulset'] },
    ...(podsReadySeconds !== undefined && {
      waitForPodsReady: {
        timeout: `${podsReadySeconds}s`,
        requeuingStrategy: { timestamp: 'Eviction', backoffBaseSeconds: 1 },
      },
    }),
    featureGates: { AdmissionGatedBy: admissionGatedBy, VisibilityOnDemand: false },
  };
}

/** Kueue's own registrations, at an address of the loopback instead of a Service. */
function webhooks(assets: string, port: number, plane: ControlPlane): KubeObject[] {
  const served = /\/(mutate|validate)-(-v1|batch-v1|apps-v1|kueue-x-k8s-io)-/;
  return documents(readFileSync(join(assets, 'kueue-resources/webhooks.yaml'), 'utf8')).map((registration) => ({
    ...registration,
    webhooks: (registration.webhooks as Webhook[])
      .filter(({ clientConfig }) => served.test(clientConfig.service?.path ?? ''))
      .map(({ clientConfig, ...webhook }) => ({
        ...webhook,
        clientConfig: {
          url: `https://127.0.0.1:${port}${clientConfig.service?.path}`,
          caBundle: Buffer.from(plane.ca).toString('base64'),
        },
      })),
  }));
}

interface Webhook {
  readonly clientConfig: { readonly service?: { readonly path: string } };
}

function documents(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject)
    .filter(Boolean);
}

/** The quota of a team: a queue `team` in a namespace, with so many CPUs. */
export function quota(namespace: string, cpu: number, annotations: Record<string, string> = {}): KubeObject[] {
  const apiVersion = 'kueue.x-k8s.io/v1beta2';
  const resources = [{ name: 'cpu', nominalQuota: cpu }];
  return [
    { apiVersion, kind: 'ResourceFlavor', metadata: { name: 'default' } },
    {
      apiVersion,
      kind: 'ClusterQueue',
      metadata: { name: `${namespace}-quota` },
      spec: {
        namespaceSelector: {},
        resourceGroups: [{ coveredResources: ['cpu'], flavors: [{ name: 'default', resources }] }],
      },
    },
    {
      ...{ apiVersion, kind: 'LocalQueue', metadata: { name: 'team', namespace, annotations } },
      spec: { clusterQueue: `${namespace}-quota` },
    },
  ];
}
