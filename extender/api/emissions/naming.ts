import { type Container, IDLE, SYSTEM } from '../../../shared/records/power.ts';
import { workloadName } from '../../../shared/records/workload-name.ts';

/** What a row is called where the container has no such name or label, as in OpenCost. */
const UNALLOCATED = '__unallocated__';

/** The row that a container belongs to. */
export interface RowName {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Labels of a pod; undefined where none are recorded of it. */
export type LabelsOf = (container: Container) => Readonly<Record<string, string>> | undefined;

/** A pod's name says nothing without its namespace, nor a container's without its pod. */
const FIELDS: Readonly<Record<string, readonly (keyof typeof VALUES)[]>> = {
  namespace: ['namespace'],
  workload: ['namespace', 'workload'],
  pod: ['namespace', 'pod'],
  container: ['namespace', 'pod', 'container'],
  node: ['node'],
};

const VALUES = {
  namespace: ({ namespace }: Container) => namespace,
  workload: ({ pod }: Container) => workloadName(pod),
  pod: ({ pod }: Container) => pod,
  container: ({ container }: Container) => container,
  node: ({ node }: Container) => node,
} as const;

/** Names containers' rows: the values of the dimensions with slashes between. Idle energy is one row of its own, and so is that of
 * processes outside containers unless rows are nodes. */
export function rowNaming(dimensions: readonly string[], labelsOf: LabelsOf): (container: Container) => RowName {
  const fields = [...new Set(dimensions.flatMap((dimension) => FIELDS[dimension] ?? []))];
  const labels = dimensions.filter((dimension) => dimension.startsWith('label:'));
  const known = new Map<Container, RowName>();
  const make = (container: Container): RowName => {
    if (container.namespace === IDLE) return { name: IDLE, properties: {} };
    if (container.namespace === SYSTEM && !fields.includes('node')) return { name: SYSTEM, properties: {} };
    const properties: Record<string, string> = {};
    for (const field of fields) properties[field] = VALUES[field](container) || UNALLOCATED;
    for (const label of labels) properties[label] = labelsOf(container)?.[label.slice(6)] || UNALLOCATED;
    return { name: Object.values(properties).join('/'), properties };
  };
  return (container) => {
    let row = known.get(container);
    if (row === undefined) {
      row = make(container);
      known.set(container, row);
    }
    return row;
  };
}
