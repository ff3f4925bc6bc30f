import { unitOf } from './measures.js';

/**
 * @typedef {import('../location.js').Choices} Choices
 * @typedef {{query: URLSearchParams, by: string, unit: import('./measures.js').Unit, sort: string, offset: number, zone: string | undefined}} EmissionsQuery
 */

/** @type {readonly (readonly [window: string, text: string, step: string])[]} */
export const WINDOWS = [
  ['1h', 'This hour', '1h'],
  ['24h', 'Last 24 hours', '1h'],
  ['7d', 'Last 7 days', '6h'],
  ['30d', 'Last 30 days', '1d'],
  ['90d', 'Last 90 days', '1d'],
  ['today', 'Today', '1h'],
  ['yesterday', 'Yesterday', '1h'],
  ['month', 'This month', '1d'],
  ['lastmonth', 'Last month', '1d'],
];
/** @type {readonly (readonly [by: string, text: string])[]} */
export const BY = [
  ['namespace', 'Namespace'],
  ['workload', 'Workload'],
  ['pod', 'Pod'],
  ['container', 'Container'],
  ['node', 'Node'],
  ['controllerKind', 'Controller kind'],
  ['cluster', 'Cluster'],
  ['label', 'Label'],
];
/** What is done with the energy of idle nodes: parameters of the query. */
const IDLE_QUERIES = { '': {}, row: { includeIdle: 'true' }, shared: { shareIdle: 'true' } };
/** @type {readonly (readonly [idle: string, text: string])[]} */
export const IDLE = [
  ['', 'left out'],
  ['row', 'its own row'],
  ['shared', 'shared out'],
];
/** Choices that narrow the data; each is a removable chip. */
export const FILTERS = ['namespace', 'workload', 'pod', 'container', 'node'];

/**
 * The query that the URL describes, with what every request of the view has in common.
 * @param {Choices} choices
 * @returns {EmissionsQuery}
 */
export function queryOf(choices) {
  const by = BY.some(([value]) => value === choices.by) ? String(choices.by) : 'namespace';
  const aggregate = by === 'label' ? `label:${choices.label || 'app'}` : by;
  const query = new URLSearchParams({ window: choices.window || '24h', aggregate });
  for (const filter of FILTERS) if (choices[filter]) query.set(filter, choices[filter]);
  for (const [parameter, value] of Object.entries(IDLE_QUERIES[idleOf(choices)])) query.set(parameter, value);
  const search = choices.search?.trim();
  if (search) query.set('search', search);
  const offset = Math.max(0, Math.trunc(Number(choices.offset)) || 0);
  return {
    ...{ query, by, offset, zone: choices.zone, sort: choices.sort || '-grams' },
    unit: unitOf(choices.unit),
  };
}

/**
 * @param {Choices} choices
 * @returns {keyof typeof IDLE_QUERIES}
 */
export function idleOf({ idle }) {
  return idle === 'row' || idle === 'shared' ? idle : '';
}
