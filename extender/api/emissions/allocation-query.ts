import { z } from 'zod';
import { FILTER_PATTERN } from '../openapi/patterns.ts';
import type { RequestIssue } from '../problem.ts';
import {
  type AllocationFilter,
  AllocationFilterError,
  anyOf,
  LABEL_OF,
  parseAllocationFilter,
  propertiesIn,
  unrecordedIn,
} from './allocation-filter.ts';

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
  filterServices: 'services',
  filterDepartments: 'department',
  filterEnvironments: 'environment',
  filterOwners: 'owner',
  filterProducts: 'product',
  filterTeams: 'team',
} as const;

/** Lists of `name:value`, and the map that each looks into. */
const MAPS = { filterLabels: 'label', filterAnnotations: 'annotation' } as const;
/** Parameters that need the pods' labels. */
const BY_LABEL = [
  ...['filterLabels', 'filterControllers', 'filterControllerKinds'],
  ...['filterDepartments', 'filterEnvironments', 'filterOwners', 'filterProducts', 'filterTeams'],
] as const;

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
  filterAnnotations: list.describe('Annotations are not recorded: no row matches it'),
  filterServices: list.describe('Services are not recorded: no row matches it'),
  filterDepartments: list.describe('Values of the label department'),
  filterEnvironments: list.describe('Values of the label env'),
  filterOwners: list.describe('Values of the label owner'),
  filterProducts: list.describe('Values of the label app'),
  filterTeams: list.describe('Values of the label team'),
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
  for (const [parameter, map] of Object.entries(MAPS)) {
    const pairs = valuesOf(query[parameter as keyof typeof MAPS]).map((pair) => pair.split(/:(.*)/s));
    if (pairs.length > 0)
      all.push((properties) => pairs.some(([name, value = '']) => anyOf(`${map}[${name}]`, [value])(properties)));
  }
  return (properties) => all.every((filter) => filter(properties));
}

/** Whether a query has any filter. */
export function isFiltered(query: AllocationFilters): boolean {
  const lists = [...Object.keys(LISTS), ...Object.keys(MAPS)].map((name) => query[name as keyof typeof LISTS]);
  return [query.filter, ...lists].some((given) => given !== undefined && given.trim() !== '');
}

/** Whether a query needs more than the names that power is recorded with. */
export function needsLabels(query: AllocationFilters): boolean {
  const named = propertiesIn(query.filter ?? '');
  return (
    BY_LABEL.some((name) => Boolean(query[name])) ||
    named.some((property) => /^(label|controller)/.test(property) || Object.hasOwn(LABEL_OF, property))
  );
}

/** What a query filters by although nothing of it is recorded: no row fulfils such a filter. */
export function unrecordedFilters(query: AllocationFilters): string[] {
  return [
    ...(query.filterServices ? ['services'] : []),
    ...valuesOf(query.filterAnnotations).map((pair) => `annotation[${pair.split(':')[0]}]`),
    ...unrecordedIn(query.filter ?? ''),
  ];
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
