import { fetch } from 'undici';
import { z } from 'zod';
import { CalculatorError } from '../shared/calculator/error.ts';
import { parseSelector, type Selector } from '../shared/calculator/selector.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { Unavailable } from './faults.ts';

/** Longest wait for the API server, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Where the client library looks when it is told of no cluster. */
const NO_CLUSTER = 'http://localhost:8080';

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).optional(),
        ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).optional(),
      }),
    }),
  ),
});

type Pod = z.output<typeof podList>['items'][number];

/** The containers that a written selector means. Labels are not recorded: the Kubernetes API tells whose pods have them now. */
export async function selectorOf(text: string, env: Environment): Promise<Selector> {
  const parsed = parseSelector(text);
  if (parsed.kind === 'names') return parsed.selector;
  const { namespace, labels } = parsed;
  const pods = await podsWith(namespace, labels, env);
  if (pods.length > 0) return { namespace, workloads: [...new Set(pods.map(workloadOf))] };
  throw new CalculatorError(
    'no-data',
    `no pod in namespace ${namespace} has the labels ${labels} now; for pods of the past write namespace/workload, such as ${namespace}/${labels.split('=').at(-1)}`,
  );
}

/** What a pod's name begins with as long as its workload lives: restarted and scaled pods of it are meant too. */
function workloadOf({ metadata }: Pod): string {
  const [owner] = metadata.ownerReferences ?? [];
  if (owner === undefined) return metadata.name;
  const hash = owner.kind === 'ReplicaSet' ? metadata.labels?.['pod-template-hash'] : undefined;
  return hash !== undefined && owner.name.endsWith(`-${hash}`) ? owner.name.slice(0, -hash.length - 1) : owner.name;
}

async function podsWith(namespace: string, labels: string, { KUBECONFIG }: Environment): Promise<Pod[]> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(labels)}`;
    return podList.parse(await askKubernetes(path, KUBECONFIG)).items;
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new Unavailable(
      `the Kubernetes API cannot be asked for pods with ${labels} (${reason}); write namespace/workload instead`,
    );
  }
}

async function askKubernetes(path: string, kubeconfig: string | undefined): Promise<unknown> {
  // Loaded only here: it takes half a second, and no other command has a use for it.
  const { HttpMethod, KubeConfig, RequestContext } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (kubeconfig) config.loadFromFile(kubeconfig);
  else config.loadFromDefault();
  const server = config.getCurrentCluster()?.server ?? NO_CLUSTER;
  if (server === NO_CLUSTER) throw new Error('neither KUBECONFIG nor ~/.kube/config names a cluster');
  const url = `${server}${path}`;
  const context = new RequestContext(url, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  const response = await fetch(url, {
    headers: { ...context.getHeaders(), Accept: 'application/json' },
    ...(dispatcher && { dispatcher: dispatcher as never }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}
