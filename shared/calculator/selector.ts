import type { HourlyEnergy } from '../records/power.ts';
import { calculatorError } from './error.ts';

/** Recorded containers of a service: a namespace, and the workloads whose names their pods begin with. */
export interface Selector {
  readonly namespace: string;
  /** Pods named so, or so with `-…` behind it; absent: all pods of the namespace. */
  readonly workloads?: readonly string[];
  readonly container?: string;
}

/** A selector as it was written: names, or labels that only the Kubernetes API can turn into names. */
export type ParsedSelector =
  | { readonly kind: 'names'; readonly selector: Selector }
  | { readonly kind: 'labels'; readonly namespace: string; readonly labels: string };

/** Parses `namespace`, `namespace/workload`, `namespace/workload/container` or `namespace/label=value,…`. Error: SELECTOR_INVALID. */
export function parseSelector(text: string): ParsedSelector {
  const slash = text.indexOf('/');
  const after = slash < 0 ? '' : text.slice(slash + 1).trim();
  if (slash > 0 && /[=!]/.test(after)) return { kind: 'labels', namespace: text.slice(0, slash).trim(), labels: after };
  const [namespace, workload, container, ...rest] = text.split('/').map((part) => part.trim());
  if (!namespace || rest.length > 0 || workload === '' || container === '')
    throw calculatorError('SELECTOR_INVALID', { value: text });
  return {
    kind: 'names',
    selector: { namespace, ...(workload && { workloads: [workload] }), ...(container && { container }) },
  };
}

/** Whether a recorded container is one of those selected. */
export function selects({ namespace, workloads, container }: Selector, of: HourlyEnergy['container']): boolean {
  const named = workloads === undefined || workloads.some((name) => of.pod === name || of.pod.startsWith(`${name}-`));
  return of.namespace === namespace && named && (container === undefined || of.container === container);
}
