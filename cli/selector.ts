import { z } from 'zod';
import { parseSelector, type Selector } from '../shared/calculator/selector.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { ConfigError } from '../shared/runtime/config.ts';
import { connectKubernetes } from '../shared/runtime/kubernetes/connect.ts';
import { cliError } from './errors.ts';

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

/** Resolves a selector to containers. Labels are not recorded, so pods that currently have them come from the Kubernetes API. */
export async function resolveSelector(text: string, env: Environment): Promise<Selector> {
  const parsed = parseSelector(text);
  if (parsed.kind === 'names') return parsed.selector;
  const { namespace, labels } = parsed;
  const pods = await listPods(namespace, labels, env);
  if (pods.length > 0) return { namespace, workloads: [...new Set(pods.map(workloadNameOf))] };
  throw cliError('NO_SUCH_PODS', { namespace, labels, example: `${namespace}/${labels.split('=').at(-1)}` });
}

/** Prefix of the names of all pods of a workload, so that restarted and scaled pods match too. */
function workloadNameOf({ metadata }: Pod): string {
  const [owner] = metadata.ownerReferences ?? [];
  if (owner === undefined) return metadata.name;
  const hash = owner.kind === 'ReplicaSet' ? metadata.labels?.['pod-template-hash'] : undefined;
  return hash !== undefined && owner.name.endsWith(`-${hash}`) ? owner.name.slice(0, -hash.length - 1) : owner.name;
}

async function listPods(namespace: string, labels: string, { KUBECONFIG }: Environment): Promise<Pod[]> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(labels)}`;
    await using client = connectKubernetes({ NODE_WATCH: 'on', KUBECONFIG });
    return podList.parse(await client?.request('GET', path)).items;
  } catch (error) {
    const reason =
      error instanceof ConfigError ? error.issues.join('; ') : ((error as Error).message.split('\n')[0] ?? '');
    throw cliError('KUBERNETES_UNREACHABLE', { labels, reason });
  }
}
