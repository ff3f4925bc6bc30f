import { z } from 'zod';
import { emissions } from '../shared/emissions/pricing.ts';
import { JOULES_PER_KWH, type Joules } from '../shared/grid/units.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { Container, ReadableStore, TimeRange } from '../shared/records/power.ts';
import { workloadName } from '../shared/records/workload-name.ts';
import type { ApiClient } from './api-client.ts';

/** What emissions can be grouped by. */
export const EMISSION_GROUPS = ['namespace', 'workload', 'pod', 'container', 'node'] as const;

/** One of {@link EMISSION_GROUPS}. */
export type EmissionGroup = (typeof EMISSION_GROUPS)[number];

/** Energy and emissions of one group; null where nothing is known. */
export interface EmissionRow {
  readonly name: string;
  readonly kwh: number | null;
  /** What of the energy was used on GPUs. */
  readonly gpu_joules: number | null;
  /** gCO2eq of the energy whose hours have a known intensity. */
  readonly grams: number | null;
  readonly intensity_g_per_kwh: number | null;
  /** Energy without a known intensity: not in `grams`. */
  readonly unpriced_kwh: number | null;
}

/** Which emissions to read. */
export interface EmissionsRead {
  readonly by: EmissionGroup;
  readonly window: string;
  readonly range: TimeRange;
  /** Price everything with this zone instead of the zone of each node. */
  readonly zone: Zone | undefined;
  readonly namespace: string | undefined;
}

const quantity = z.number().nullable();
const response = z.object({
  data: z.array(
    z.record(
      z.string(),
      z.object({
        name: z.string(),
        kwh: quantity,
        gpu_joules: quantity,
        grams: quantity,
        intensity_g_per_kwh: quantity,
        unpriced_kwh: quantity,
      }),
    ),
  ),
});

/** Rows from a running API, which knows the zones of its nodes. */
export async function rowsFromApi(api: ApiClient, read: EmissionsRead): Promise<EmissionRow[]> {
  const query = new URLSearchParams({ window: read.window, aggregate: read.by, accumulate: 'true' });
  if (read.zone !== undefined) query.set('zone', read.zone);
  if (read.namespace !== undefined) query.set('namespace', read.namespace);
  const { data } = await api.get(`/api/emissions?${query}`, response);
  return Object.values(data[0] ?? {});
}

/** Rows from a store: hourly energy times the average intensity of that hour in the zone of the node. */
export async function rowsFromStore(
  history: ReadableStore,
  zoneOfNode: (node: string) => Zone | undefined,
  read: EmissionsRead,
): Promise<EmissionRow[]> {
  const { by, range, namespace } = read;
  const intensityAt = await intensities(history, range);
  const sums = new Map<string, EnergySum>();
  for await (const { container, hour, joules } of history.hourly({ namespace }, range)) {
    const name = nameOf(container, by);
    const sum = sums.get(name) ?? { joules: 0, gpuJoules: undefined, pricedJoules: 0, grams: 0 };
    sums.set(name, sum);
    sum.joules += joules;
    if (container.device === 'gpu') sum.gpuJoules = (sum.gpuJoules ?? 0) + joules;
    const zone = read.zone ?? zoneOfNode(container.node);
    const intensity = zone && intensityAt.get(`${zone} ${hour}`);
    if (intensity === undefined) continue;
    sum.pricedJoules += joules;
    sum.grams += emissions(joules, intensity);
  }
  return [...sums].map(([name, { joules, gpuJoules, pricedJoules, grams }]) => ({
    name,
    kwh: kwhOf(joules),
    gpu_joules: gpuJoules ?? null,
    grams: pricedJoules > 0 ? grams : null,
    intensity_g_per_kwh: pricedJoules > 0 ? grams / kwhOf(pricedJoules) : null,
    unpriced_kwh: kwhOf(joules - pricedJoules),
  }));
}

interface EnergySum {
  joules: number;
  /** Undefined where none is known. */
  gpuJoules: number | undefined;
  pricedJoules: number;
  grams: number;
}

async function intensities(history: ReadableStore, range: TimeRange) {
  const hours = await history.intensities(await history.zones(), range);
  const average = hours.filter(({ signal }) => signal === 'average');
  return new Map(average.map(({ zone, hour, carbonIntensity }) => [`${zone} ${hour}`, carbonIntensity]));
}

function nameOf({ namespace, pod, container, node }: Container, by: EmissionGroup): string {
  switch (by) {
    case 'namespace':
      return namespace;
    case 'workload':
      return `${namespace}/${workloadName(pod)}`;
    case 'pod':
      return `${namespace}/${pod}`;
    case 'container':
      return `${namespace}/${pod}/${container}`;
    case 'node':
      return node || '__unallocated__';
    default:
      return by satisfies never;
  }
}

function kwhOf(joules: number): number {
  return (joules as Joules) / JOULES_PER_KWH;
}
