import embodied from '../data/instance-embodied.json' with { type: 'json' };
import fleets from '../data/pue.json' with { type: 'json' };
import regions from '../data/region-pue.json' with { type: 'json' };
import type { Zone } from '../grid/zones.ts';
import type { Facility, SourcedFigure } from '../records/facility.ts';
import type { NodeMachine } from '../records/node-machines.ts';
import { olderType } from './instance-types.ts';

/** What the settings say of buildings and machines. Names are those of nodes, zones, regions (`aws/eu-west-1`) or types (`aws:m5.large`). */
export interface FacilitySettings {
  /** PUE by name; under an empty name that of everything else. */
  readonly pue: ReadonlyMap<string, number>;
  /** kgCO2e of making a machine by node or type; under an empty name that of everything else. */
  readonly embodiedKg: ReadonlyMap<string, number>;
  /** Years over which the embodied emissions of a machine are spread. */
  readonly lifetimeYears: number;
}

type RegionTable = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
type TypeTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Hours of a year. */
const YEAR_HOURS = 8_766;

/**
 * What is known of the buildings and the making of nodes: by the settings, else by the tables of the clouds. The sources of
 * the tables are in shared/data/README.md.
 */
export function facilityOf(machines: ReadonlyMap<string, NodeMachine>, settings: FacilitySettings): Facility {
  const kgOf = (node: string) =>
    node === '' ? undefined : embodiedKgOf(node, machines.get(node), settings.embodiedKg);
  return {
    knowsEmbodied: () => settings.embodiedKg.size > 0 || [...machines.keys()].some((node) => kgOf(node) !== undefined),
    pueOf: (node, zone) => pueOf(node, zone, machines.get(node), settings.pue),
    embodiedPerHour(node) {
      const kg = kgOf(node);
      return kg && { ...kg, value: (kg.value * 1000) / (settings.lifetimeYears * YEAR_HOURS) };
    },
  };
}

function pueOf(
  node: string,
  zone: Zone | undefined,
  machine: NodeMachine | undefined,
  given: FacilitySettings['pue'],
): SourcedFigure | undefined {
  const { cloud, region = '' } = machine ?? {};
  for (const name of [node, cloud && `${cloud}/${region}`, zone]) {
    const value = name ? given.get(name) : undefined;
    if (value !== undefined) return { value, source: `PUE of ${name}` };
  }
  const everything = given.get('');
  if (everything !== undefined) return { value: everything, source: 'PUE' };
  const [value, year] = (regions as unknown as RegionTable)[cloud ?? '']?.[region.toLowerCase()] ?? [];
  if (value !== undefined) return { value, source: `${cloud}/${region}, published for ${year}` };
  const fleet = (fleets as Readonly<Record<string, number>>)[cloud ?? ''];
  return fleet === undefined ? undefined : { value: fleet, source: `fleet average of ${cloud}` };
}

function embodiedKgOf(
  node: string,
  machine: NodeMachine | undefined,
  given: FacilitySettings['embodiedKg'],
): SourcedFigure | undefined {
  const { cloud = '', instanceType = '' } = machine ?? {};
  for (const name of [node, instanceType && `${cloud}:${instanceType}`]) {
    const value = name ? given.get(name) : undefined;
    if (value !== undefined) return { value, source: `EMBODIED_KG of ${name}` };
  }
  const everything = given.get('');
  if (everything !== undefined) return { value: everything, source: 'EMBODIED_KG' };
  const types = (embodied as TypeTable)[cloud];
  const exact = types?.[instanceType];
  if (exact !== undefined) return { value: exact, source: `${cloud}:${instanceType}` };
  const older = olderType(cloud, instanceType);
  const similar = older === undefined ? undefined : types?.[older];
  return similar === undefined ? undefined : { value: similar, source: `${cloud}:~${older}` };
}
