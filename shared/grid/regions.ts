import table from '../data/cloud-regions.json' with { type: 'json' };
import type { Zone } from './zone.ts';

/** A cloud provider whose regions are in the table, as `shared/data/cloud-regions.json` names it. */
type CloudProvider = keyof typeof table;

/** A region of one provider and the grid zone that it draws from. */
interface CloudRegion {
  readonly provider: CloudProvider;
  readonly region: string;
  readonly zone: Zone;
}

/** What a region name without a provider came to: one zone, several (then the provider must be given), or none. */
type NamedRegion =
  | { readonly kind: 'zone'; readonly zone: Zone; readonly regions: readonly CloudRegion[] }
  | { readonly kind: 'ambiguous'; readonly regions: readonly CloudRegion[] }
  | { readonly kind: 'unknown' };

const REGIONS = new Map<string, ReadonlyMap<string, Zone>>();
for (const [provider, regions] of Object.entries<Record<string, string>>(table))
  REGIONS.set(provider, new Map(Object.entries(regions as Record<string, Zone>)));

/**
 * Scheme of `spec.providerID` → provider. `eks-hybrid`, `kind`, `k3s` and the like are absent on purpose: their
 * machines are not in the region that their labels may name.
 */
const SCHEMES: ReadonlyMap<string, CloudProvider> = new Map<string, CloudProvider>([
  ['aws', 'aws'],
  ['gce', 'gcp'],
  ['azure', 'azure'],
  ['alicloud', 'alibaba'],
  ['oci', 'oci'],
  ['ibm', 'ibm'],
  ['digitalocean', 'digitalocean'],
  ['hcloud', 'hetzner'],
  ['hrobot', 'hetzner'],
  ['linode', 'linode'],
  ['vultr', 'vultr'],
  ['scaleway', 'scaleway'],
  ['exoscale', 'exoscale'],
  ['upcloud', 'upcloud'],
  ['civo', 'civo'],
  // OVHcloud's clusters run on OpenStack and say so; another OpenStack's region is in the table only if it has the same name.
  ['openstack', 'ovh'],
]);

/** Two clouds write their ids without a scheme: `ocid1.instance…` and `<region>.i-…`. */
const BARE_OCI = /^ocid1\./;
const BARE_ALIBABA = /^[a-z]+(-[a-z0-9]+)+\.i-[a-z0-9]+$/;

/** The cloud provider in a node's `spec.providerID`; undefined for none and for unknown schemes. */
export function providerOf(providerId: string | undefined): CloudProvider | undefined {
  if (!providerId) return undefined;
  const end = providerId.indexOf('://');
  if (end >= 0) return SCHEMES.get(providerId.slice(0, end).toLowerCase());
  if (BARE_OCI.test(providerId)) return 'oci';
  return BARE_ALIBABA.test(providerId) ? 'alibaba' : undefined;
}

/** The grid zone of a provider's region; undefined when the table does not know it. */
export function zoneOfRegion(provider: CloudProvider, region: string): Zone | undefined {
  return REGIONS.get(provider)?.get(region.toLowerCase());
}

/** Finds a region that a person wrote: `eu-west-3`, or `aws/eu-west-1` where providers share the name. */
export function findRegion(text: string): NamedRegion {
  const slash = text.indexOf('/');
  const wanted = slash < 0 ? undefined : text.slice(0, slash).trim().toLowerCase();
  const region = text
    .slice(slash + 1)
    .trim()
    .toLowerCase();
  const found: CloudRegion[] = [];
  for (const [provider, regions] of REGIONS) {
    const zone = regions.get(region);
    if (zone !== undefined && (wanted === undefined || wanted === provider))
      found.push({ provider: provider as CloudProvider, region, zone });
  }
  const first = found[0];
  if (first === undefined) return { kind: 'unknown' };
  if (found.some((other) => other.zone !== first.zone)) return { kind: 'ambiguous', regions: found };
  return { kind: 'zone', zone: first.zone, regions: found };
}

/** Names of all regions of all providers in the table, each once. */
export function regionNames(): Set<string> {
  return new Set([...REGIONS.values()].flatMap((regions) => [...regions.keys()]));
}
