import { controllerOf, type OwnerReference } from '../../shared/runtime/kubernetes/object-metadata.ts';

/** What of a pod or Job says which queue or controller it belongs to. */
export interface Belongings {
  readonly labels?: Readonly<Record<string, string>> | null | undefined;
  readonly ownerReferences?: readonly OwnerReference[] | null | undefined;
  readonly schedulerName?: string | null | undefined;
}

/** API groups of controllers that queue, gang-schedule or suspend work themselves. */
const QUEUE_GROUPS: ReadonlySet<string> = new Set([
  ...['kueue.x-k8s.io', 'jobset.x-k8s.io', 'ray.io', 'batch.volcano.sh', 'scheduling.volcano.sh'],
  ...['kubeflow.org', 'trainer.kubeflow.org', 'leaderworkerset.x-k8s.io', 'workload.codeflare.dev'],
  ...['yunikorn.apache.org', 'run.ai', 'scheduling.run.ai'],
]);

/** Beginnings of labels by which queues mark their work. */
const QUEUE_LABELS = [
  ...['kueue.x-k8s.io/', 'jobset.sigs.k8s.io/', 'ray.io/', 'volcano.sh/', 'scheduling.volcano.sh/'],
  ...['scheduling.k8s.io/group-name', 'training.kubeflow.org/', 'trainer.kubeflow.org/'],
  ...['leaderworkerset.sigs.k8s.io/', 'yunikorn.apache.org/', 'kai.scheduler/', 'runai/'],
  // Gangs of scheduler-plugins and Koordinator, whose pods start together or not at all.
  ...['scheduling.x-k8s.io/pod-group', 'pod-group.scheduling.sigs.k8s.io', 'quota.scheduling.koordinator.sh/'],
];

const QUEUE_SCHEDULERS: ReadonlySet<string> = new Set([
  ...['volcano', 'yunikorn', 'kai-scheduler', 'runai-scheduler', 'kube-batch'],
]);

/**
 * Whether another queue owns a pod or Job: by the API group of its controller, by a label, or by its scheduler. Such work
 * is neither gated nor resumed: its queue holds quota for it and evicts what does not start. The same lists are in
 * gate-policy.yaml and guard-policy.yaml; a test compares them.
 */
export function isQueuedElsewhere({ labels, ownerReferences, schedulerName }: Belongings): boolean {
  const group = controllerOf(ownerReferences)?.apiVersion?.split('/')[0] ?? '';
  if (QUEUE_GROUPS.has(group) || QUEUE_SCHEDULERS.has(schedulerName ?? '')) return true;
  return Object.keys(labels ?? {}).some((label) => QUEUE_LABELS.some((prefix) => label.startsWith(prefix)));
}

/** What of a Job says whether its suspension is ours to end. */
export interface JobOwnership extends Belongings {
  readonly createdAt: number;
  readonly managedBy?: string | null | undefined;
  /** Grows with every change of the spec; 1 while the Job is as it was created. */
  readonly generation?: number | null | undefined;
  readonly startTime?: string | null | undefined;
  /** A pod of it has run. */
  readonly hasRun?: boolean;
  /** Its managed fields say that somebody else than its maker suspended it later; default false. */
  readonly suspendedLater?: boolean;
  readonly conditions?: readonly { readonly type: string; readonly lastTransitionTime?: string | null | undefined }[];
}

const JOB_CONTROLLER = 'kubernetes.io/job-controller';
/** The Job controller reports a suspension that a Job was created with within this time. */
const REPORTED_MS = 60_000;

/**
 * Whether a suspended Job waits for us: suspended since its creation, owned by nothing or a CronJob, run by Kubernetes'
 * own Job controller and not queued elsewhere. A suspension that an administrator or another controller made later stays.
 */
export function isOursToResume(job: JobOwnership): boolean {
  const isOfCronJob = ({ apiVersion, kind }: OwnerReference) =>
    kind === 'CronJob' && (apiVersion ?? 'batch/v1').startsWith('batch/');
  // Some controllers own what they make without saying that they control it.
  if (!(job.ownerReferences ?? []).every(isOfCronJob)) return false;
  if ((job.managedBy ?? JOB_CONTROLLER) !== JOB_CONTROLLER || isQueuedElsewhere(job)) return false;
  if (job.startTime || job.hasRun) return false;
  if ((job.generation ?? 1) === 1) return true;
  if (job.suspendedLater) return false;
  return (job.conditions ?? []).every(
    ({ type, lastTransitionTime }) =>
      type !== 'Suspended' || Date.parse(lastTransitionTime ?? '') - job.createdAt < REPORTED_MS,
  );
}

/** The lists that the admission policies must contain, too. */
export const QUEUES = { groups: [...QUEUE_GROUPS], labels: QUEUE_LABELS, schedulers: [...QUEUE_SCHEDULERS] };
