import { z } from 'zod';
import { FILTER_PATTERN } from '../openapi/patterns.ts';
import type { RequestIssue } from '../problem.ts';
import { type AllocationFilter, AllocationFilterError, anyOf, parseAllocationFilter } from './allocation-filter.ts';

const list = z
  .string()
  .max(2_000)
  .regex(/^[^,]{0,253}(,[^,]{0,253})*$/, 'is not a comma-separated list of values of at most 253 characters')
  .optional();

/** OpenCost's filters that are lists of values, and the property that each compares. */
const LISTS = {
  filterClusters: 'cluster',
  filterNodes: 'node',
  filterNamespaces: 'namespace',
  filterControllerKinds: 'controllerKind',
  filterControllers: 'controllerName',
  filterPods: 'pod',
  filterContainers: 'container',
} as const;

const CONTROLLER = /^(?:(\w+):)?(.+)$/;

/** Query parameters that narrow and share energy as OpenCost's do. */
export const allocationFields = {
  filter: z.string().max(2_000).optional().meta({
    description: 'OpenCost’s filter language: namespace:"a","b"+label[app]!:"c"; + is and, | is or, ( ) group',
    pattern: FILTER_PATTERN,
  }),
  filterClusters: list.describe('Comma-separated; a value that ends with * is a prefix'),
  filterNodes: list,
  filterNamespaces: list,
  filterControllerKinds: list.describe('deployment, statefulset, daemonset or job'),
  filterControllers: list.describe('Names, or kind:name'),
  filterPods: list,
  filterContainers: list,
  filterLabels: list.describe('Comma-separated name:value'),
  shareIdle: z
    .enum(['true', 'false', 'weighted'], { error: 'is not one of true, false, weighted' })
    .default('false')
    .describe('true or weighted shares the idle energy of each node among its rows by their energy'),
};

/** What narrows a query beside the plain parameters. */
export type AllocationFilters = Readonly<Partial<Record<keyof typeof allocationFields, string | undefined>>>;

/** The filter of a query; one that everything fulfils where it has none. Throws an AllocationFilterError. */
export function filterOf(query: AllocationFilters): AllocationFilter {
  const all: AllocationFilter[] = [];
  if (query.filter !== undefined && query.filter.trim() !== '') all.push(parseAllocationFilter(query.filter));
  for (const [name, property] of Object.entries(LISTS)) {
    const values = valuesOf(query[name as keyof typeof LISTS]);
    if (values.length === 0) continue;
    all.push(name === 'filterControllers' ? controllers(values) : anyOf(property, values));
  }
  const labels = valuesOf(query.filterLabels).map((pair) => pair.split(/:(.*)/s));
  if (labels.length > 0)
    all.push((properties) => labels.some(([name, value = '']) => anyOf(`label[${name}]`, [value])(properties)));
  return (properties) => all.every((filter) => filter(properties));
}

/** Whether a query has any filter. */
export function isFiltered(query: AllocationFilters): boolean {
  const { filter, filterLabels } = query;
  const lists = Object.keys(LISTS).map((name) => query[name as keyof typeof LISTS]);
  return [filter, filterLabels, ...lists].some((given) => given !== undefined && given.trim() !== '');
}

/** Whether a query needs more than the names that power is recorded with. */
export function needsLabels(query: AllocationFilters): boolean {
  const { filter, filterLabels, filterControllers, filterControllerKinds } = query;
  return (
    [filterLabels, filterControllers, filterControllerKinds].some(Boolean) || /label|controller/.test(filter ?? '')
  );
}

/** The issue of a filter that cannot be read. */
export function filterIssues(input: Readonly<Record<string, unknown>>): RequestIssue[] {
  if (typeof input.filter !== 'string') return [];
  try {
    filterOf({ filter: input.filter });
    return [];
  } catch (error) {
    if (!(error instanceof AllocationFilterError)) throw error;
    return [{ pointer: '/filter', detail: error.message }];
  }
}

function controllers(values: readonly string[]): AllocationFilter {
  const wanted = values.map((value): AllocationFilter => {
    const [, kind, name = ''] = CONTROLLER.exec(value) ?? [];
    const byName = anyOf('controllerName', [name]);
    if (kind === undefined) return byName;
    const byKind = anyOf('controllerKind', [kind]);
    return (properties) => byKind(properties) && byName(properties);
  });
  return (properties) => wanted.some((one) => one(properties));
}

function valuesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
