import { join } from 'node:path';
import { recorded } from '../k8s/objects.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf, applyAll, tokenOf } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './credentials.ts';
import { GATES, JOBS, ours, queuedJob } from './kueue-jobs.ts';
import type { Program } from './program.ts';
import { installKueueResources, quota, startKueue } from './real-kueue.ts';

/** A control plane with Kueue, the shipped policies and rights, and quota in the namespaces `batch` and `patient`. */
export interface KueueWorld {
  readonly plane: ControlPlane;
  /** The administrator's access. */
  readonly api: Api;
  readonly kueue: Program;
  /** A kubeconfig of the extender's own account. */
  readonly kubeconfig: string;
}

/** Starts it. The namespace `patient` and the queue `patient` in `batch` let their work wait eight hours. */
export async function startKueueWorld(
  stack: AsyncDisposableStack,
  { assets, folder, cpu }: { readonly assets: string; readonly folder: string; readonly cpu: number },
): Promise<KueueWorld> {
  const dir = join(folder, 'plane');
  const plane = stack.use(await startControlPlane({ assets, dir }));
  const api = apiOf(plane);
  await installKueueResources(assets, plane);
  const patient = ours({ 'max-delay': '8h' });
  const namespaces = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'batch' } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'patient', annotations: patient } },
  ];
  await apply(api, namespaces);
  await apply(
    api,
    (recorded().variants.components ?? []).filter(({ kind }) => kind !== 'ServiceMonitor'),
  );
  const kueue = stack.use(await startKueue({ assets, plane, dir, admissionGatedBy: true }));
  const queues = [...quota('batch', cpu), ...quota('patient', cpu)];
  const inherited = queues.filter(({ kind, metadata }) => kind === 'LocalQueue' && metadata.namespace === 'batch');
  await apply(api, queues);
  await apply(
    api,
    inherited.map((queue) => ({ ...queue, metadata: { name: 'patient', namespace: 'batch', annotations: patient } })),
  );
  // Policies, and the queues that they read, take effect a moment after they were accepted.
  await eventually(
    () => api.post(`${JOBS}?dryRun=All`, queuedJob('probe', {}, 'patient')),
    ({ body }) => body.metadata.annotations?.[GATES] !== undefined,
  );
  const kubeconfig = join(folder, 'kubeconfig');
  const token = await tokenOf(api, 'carbon-extender', 'carbon-aware-scheduler');
  await writeKubeconfig(kubeconfig, plane.server, { ca: plane.ca, token });
  return { plane, api, kueue, kubeconfig };
}

async function apply(api: Api, objects: Parameters<typeof applyAll>[1]): Promise<void> {
  const refused = await applyAll(api, objects);
  if (refused.length > 0) throw new Error(refused.join('\n'));
}
