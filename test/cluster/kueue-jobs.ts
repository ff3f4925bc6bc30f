import type { Api } from './api.ts';

/** Kueue's label of the queue, and its annotation of the names that hold work back. */
export const QUEUE = 'kueue.x-k8s.io/queue-name';
/** Kueue's annotation of admission gates. */
export const GATES = 'kueue.x-k8s.io/admission-gated-by';
/** Our name among the admission gates. */
export const OURS = 'carbon-extender.io/wait';
/** Jobs of the namespace that these tests use. */
export const JOBS = '/apis/batch/v1/namespaces/batch/jobs';
/** Kueue's own objects about them. */
export const WORKLOADS = '/apis/kueue.x-k8s.io/v1beta2/namespaces/batch/workloads';

const TEMPLATE = {
  restartPolicy: 'Never',
  containers: [{ name: 'main', image: 'none.example/app:1', resources: { requests: { cpu: '1' } } }],
};

/** Annotations of ours, given without their prefix. */
export function ours(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`carbon-extender.io/${name}`, value]));
}

/** A Job of one CPU that Kueue queues. */
export function queuedJob(name: string, annotations: Record<string, string> = {}, queue = 'team', namespace = 'batch') {
  return {
    ...{ apiVersion: 'batch/v1', kind: 'Job' },
    metadata: { name, namespace, annotations, labels: { [QUEUE]: queue } },
    spec: { template: { spec: TEMPLATE } },
  };
}

/** A pod of one CPU that Kueue queues. */
export function queuedPod(name: string, annotations: Record<string, string>, metadata: object = {}) {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, namespace: 'batch', annotations, labels: { [QUEUE]: 'team' }, ...metadata },
    spec: TEMPLATE,
  };
}

/** A Deployment or StatefulSet of one pod that Kueue queues. */
export function queuedSet(kind: 'Deployment' | 'StatefulSet', name: string, annotations: Record<string, string>) {
  return {
    ...{ apiVersion: 'apps/v1', kind },
    metadata: { name, namespace: 'batch', annotations, labels: { [QUEUE]: 'team' } },
    spec: {
      ...(kind === 'StatefulSet' && { serviceName: name }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations }, spec: { ...TEMPLATE, restartPolicy: 'Always' } },
    },
  };
}

/** Whether a Workload holds quota. */
export function holdsQuota(workload: WorkloadBody | undefined): boolean {
  return condition(workload, 'QuotaReserved')?.status === 'True';
}

/** One condition of a Workload. */
export function condition(workload: WorkloadBody | undefined, type: string) {
  return workload?.status?.conditions?.find((each) => each.type === type);
}

/** What of a Workload these tests look at. */
export interface WorkloadBody {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly name: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

/** The Workload of an object of a name. */
export async function workloadOf(api: Api, owner: string): Promise<WorkloadBody | undefined> {
  const { body } = await api.get(WORKLOADS);
  return (body.items as WorkloadBody[]).find(({ metadata }) =>
    metadata.ownerReferences?.some(({ name }) => name === owner),
  );
}

/** Reports a Job as complete, as the Job controller would once its pod has ended. */
export async function complete(api: Api, name: string, startedAt: number): Promise<void> {
  const time = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  const now = time(Date.now());
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
    ...{ type, status: 'True', reason: 'CompletionsReached', lastTransitionTime: now, lastProbeTime: now },
  }));
  const status = { startTime: time(startedAt), completionTime: now, succeeded: 1, conditions };
  const answer = await api.patch(`${JOBS}/${name}/status`, 'merge-patch+json', { status });
  if (answer.status !== 200) throw new Error(`${name} could not be completed: ${JSON.stringify(answer.body)}`);
}
