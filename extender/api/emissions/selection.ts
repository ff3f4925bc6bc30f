import { type Container, IDLE, UNMETERED } from '../../../shared/records/power.ts';
import { workloadName } from '../../../shared/records/workload-name.ts';
import { filterOf, isFiltered } from './allocation-query.ts';
import { type NamingOptions, propertiesOf, type RowName } from './naming.ts';
import type { EmissionsRequest } from './query.ts';

/** Whether a query names some containers only, beside by their node. */
export function isSelective(query: EmissionsRequest): boolean {
  const { search, namespace, workload, pod, container } = query;
  return [search, namespace, workload, pod, container].some((given) => given !== undefined) || isFiltered(query);
}

/** Whether the energy of a container is wanted. Idle energy is, where it is asked for and nothing but nodes is selected. */
export function selection(
  query: EmissionsRequest,
  naming: NamingOptions,
  nameOf: (container: Container) => RowName,
): (container: Container) => boolean {
  const filter = filterOf(query);
  const search = query.search?.toLowerCase();
  const withIdle = query.includeIdle === 'true' || query.idle === 'true' || query.shareIdle !== 'false';
  const decide = (container: Container): boolean => {
    const { namespace, pod } = container;
    if (namespace === IDLE && !withIdle) return false;
    // What no container is behind belongs to no container, and is shared with none.
    if (namespace === UNMETERED && query.includeIdle !== 'true' && query.idle !== 'true') return false;
    if (query.workload !== undefined && workloadName(pod) !== query.workload) return false;
    for (const field of ['namespace', 'pod', 'container', 'node'] as const)
      if (query[field] !== undefined && container[field] !== query[field]) return false;
    if (search !== undefined && !nameOf(container).name.toLowerCase().includes(search)) return false;
    return (namespace === IDLE && query.shareIdle !== 'false') || filter(propertiesOf(container, naming));
  };
  const known = new Map<Container, boolean>();
  return (container) => {
    let wanted = known.get(container);
    if (wanted === undefined) {
      wanted = decide(container);
      known.set(container, wanted);
    }
    return wanted;
  };
}
