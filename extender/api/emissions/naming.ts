import { type Container, IDLE, SYSTEM, UNMETERED } from '../../../shared/records/power.ts';
import { workloadName } from '../../../shared/records/workload-name.ts';
import { type AllocationProperties, LABEL_OF } from './allocation-filter.ts';
import { CONTROLLER_KINDS, controllerOf } from './controller.ts';

/** What a row is called where the container has no such name or label, as in OpenCost. */
const UNALLOCATED = '__unallocated__';

/** The row that a container belongs to. */
export interface RowName {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Labels of a pod; undefined where none are recorded of it. */
export type LabelsOf = (container: Container) => Readonly<Record<string, string>> | undefined;

/** What containers are named by: their pods' labels, and the cluster, which is one for all. */
export interface NamingOptions {
  readonly labelsOf: LabelsOf;
  readonly cluster: string;
}

/** Dimensions without a parameter that rows can be grouped by. */
export const DIMENSIONS = [
  ...['cluster', 'node', 'namespace', 'controllerKind', 'controller', ...CONTROLLER_KINDS],
  ...['service', 'workload', 'pod', 'container'],
] as const;

/** A pod's name says nothing without its namespace, nor a container's without its pod. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  workload: ['namespace', 'workload'],
  pod: ['namespace', 'pod'],
  container: ['namespace', 'pod', 'container'],
};

/** Whether grouping by some dimensions needs the pods' labels, which also name their controllers. */
export function needLabels(dimensions: readonly string[]): boolean {
  return dimensions.some((dimension) => /^(label:|controller|deployment|statefulset|daemonset|job)/.test(dimension));
}

/** The properties of a container by the names of filters and dimensions. */
export function propertiesOf(container: Container, { labelsOf, cluster }: NamingOptions): AllocationProperties {
  const { pod } = container;
  const value = (property: string): string | undefined => {
    const label = /^label(?:\[(.*)\]|:(.*))$/.exec(property);
    if (label) return labelValue(labelsOf(container), label[1] ?? label[2] ?? '');
    const alias = LABEL_OF[property];
    if (alias !== undefined) return labelValue(labelsOf(container), alias);
    if (property in NAMES) return container[property as keyof typeof NAMES];
    if (property === 'cluster') return cluster;
    if (property === 'workload') return workloadName(pod);
    const controller = controllerOf(pod, labelsOf(container));
    if (property === 'controllerKind') return controller?.kind;
    if (property === 'controller' || property === 'controllerName') return controller?.name;
    return controller?.kind === property ? controller.name : undefined;
  };
  return { container, value, labels: () => Object.keys(labelsOf(container) ?? {}) };
}

/** The value of a label by its name, or by the name that OpenCost gives it: with `_` for what a Prometheus label cannot have. */
function labelValue(labels: Readonly<Record<string, string>> = {}, name: string): string | undefined {
  if (Object.hasOwn(labels, name)) return labels[name];
  if (!name.includes('_')) return undefined;
  const same = Object.keys(labels).filter((label) => label.replaceAll(/\W/g, '_') === name);
  return labels[same.sort()[0] ?? ''];
}

/** Dimensions of a request that are not recorded: rows by them are {@link UNALLOCATED}. */
export function unavailableDimensions(dimensions: readonly string[]): string[] {
  return dimensions.filter((dimension) => dimension === 'service' || dimension.startsWith('annotation:'));
}

const NAMES = { namespace: true, pod: true, container: true, node: true } as const;

/**
 * Names containers' rows: the values of the dimensions with slashes between. Idle energy is one row of its own, and so is
 * that of processes outside containers unless rows are nodes.
 */
export function rowNaming(dimensions: readonly string[], options: NamingOptions): (container: Container) => RowName {
  const fields = [...new Set(dimensions.flatMap((dimension) => WITHIN[dimension] ?? [dimension]))];
  const known = new Map<Container, RowName>();
  const make = (container: Container): RowName => {
    if (container.namespace === IDLE) return { name: IDLE, properties: {} };
    if (container.namespace === UNMETERED) return { name: UNMETERED, properties: {} };
    if (container.namespace === SYSTEM && !fields.includes('node')) return { name: SYSTEM, properties: {} };
    const { value } = propertiesOf(container, options);
    const properties = Object.fromEntries(fields.map((field) => [field, value(field) || UNALLOCATED]));
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
