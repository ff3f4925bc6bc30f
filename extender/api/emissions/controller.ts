/** Kinds of controllers that own pods, as OpenCost names them. */
export const CONTROLLER_KINDS = ['deployment', 'statefulset', 'daemonset', 'job'] as const;
/** One of {@link CONTROLLER_KINDS}. */
export type ControllerKind = (typeof CONTROLLER_KINDS)[number];

/** What controls a pod. */
export interface Controller {
  readonly kind: ControllerKind;
  readonly name: string;
}

const SUFFIX = /^-[a-z0-9]{5}$/;
const ORDINAL = /^-\d+$/;

/**
 * The controller of a pod, from the labels that Kubernetes' own controllers set: never from its name alone. Undefined for
 * bare pods, for pods of other controllers, and where no labels are recorded.
 */
export function controllerOf(
  pod: string,
  labels: Readonly<Record<string, string>> | undefined,
): Controller | undefined {
  if (labels === undefined) return undefined;
  const job = labels['batch.kubernetes.io/job-name'] ?? labels['job-name'];
  if (job) return { kind: 'job', name: job };
  const hash = labels['pod-template-hash'];
  if (hash) return named('deployment', before(pod, `-${hash}`, SUFFIX));
  if (labels['statefulset.kubernetes.io/pod-name']) return named('statefulset', withoutEnd(pod, ORDINAL));
  // Only DaemonSets have revisions and neither an ordinal nor a template's hash.
  if (labels['controller-revision-hash']) return named('daemonset', withoutEnd(pod, SUFFIX));
  return undefined;
}

function named(kind: ControllerKind, name: string | undefined): Controller | undefined {
  return name === undefined || name === '' ? undefined : { kind, name };
}

/** What comes before a part and an end of a form. */
function before(text: string, part: string, end: RegExp): string | undefined {
  const at = text.lastIndexOf(part);
  return at > 0 && end.test(text.slice(at + part.length)) ? text.slice(0, at) : undefined;
}

function withoutEnd(text: string, end: RegExp): string | undefined {
  const at = text.lastIndexOf('-');
  return at > 0 && end.test(text.slice(at)) ? text.slice(0, at) : undefined;
}
