import { describe, expect, it } from 'vitest';
import table from '../../../shared/data/cloud-regions.json' with { type: 'json' };
import { findRegion, providerOf, zoneOfRegion } from '../../../shared/grid/regions.ts';
import { parseZone } from '../../../shared/grid/zones.ts';

describe('the region table', () => {
  it('holds only zones that need no correction, under lower-case names', () => {
    const entries = Object.values(table).flatMap((regions) => Object.entries(regions));

    expect(entries.length).toBeGreaterThan(400);
    for (const [region, zone] of entries) {
      expect(region).toBe(region.toLowerCase());
      expect(parseZone(zone)).toEqual({ kind: 'zone', zone });
    }
  });

  it('has no provider that no provider ID leads to', () => {
    const ids = ['aws:', 'gce:', 'azure:', 'alicloud:', 'oci:', 'ibm:', 'digitalocean:', 'hcloud:', 'linode:']
      .concat(['vultr:', 'scaleway:', 'exoscale:', 'upcloud:', 'civo:', 'openstack:'])
      .map((scheme) => providerOf(`${scheme}//x`));

    expect([...ids].sort()).toEqual(Object.keys(table).sort());
  });
});

describe('providerOf', () => {
  it.each([
    ['aws:///eu-west-1a/i-0aa', 'aws'],
    ['gce://project/europe-west9-a/node', 'gcp'],
    ['azure:///subscriptions/0/resourceGroups/g/providers/x', 'azure'],
    ['ocid1.instance.oc1.phx.abc', 'oci'],
    ['cn-hangzhou.i-bp1abc', 'alibaba'],
    ['hcloud://123', 'hetzner'],
  ])('reads %s', (id, provider) => {
    expect(providerOf(id)).toBe(provider);
  });

  it.each([undefined, '', 'kind://docker/kind/worker', 'eks-hybrid:///us-west-2/c/n', 'machine-7'])(
    'knows none for %s',
    (id) => {
      expect(providerOf(id)).toBeUndefined();
    },
  );
});

describe('zoneOfRegion', () => {
  it('decides a name that clouds share by the provider', () => {
    expect(zoneOfRegion('aws', 'eu-west-1')).toBe('IE');
    expect(zoneOfRegion('alibaba', 'eu-west-1')).toBe('GB');
  });

  it('takes short names and any case', () => {
    expect(zoneOfRegion('oci', 'iad')).toBe(zoneOfRegion('oci', 'us-ashburn-1'));
    expect(zoneOfRegion('ovh', 'GRA11')).toBe('FR');
  });

  it('has no zone for a region that is not in the table', () => {
    expect(zoneOfRegion('aws', 'moon-1')).toBeUndefined();
    expect(zoneOfRegion('aws', '__proto__')).toBeUndefined();
  });
});

describe('findRegion', () => {
  it('finds the zone of a name that means one zone', () => {
    expect(findRegion(' EU-West-3 ')).toMatchObject({ kind: 'zone', zone: 'FR' });
  });

  it('reports a name that means different zones, and takes it with its provider', () => {
    const found = findRegion('eu-west-1');

    expect(found).toMatchObject({ kind: 'ambiguous' });
    expect(found.kind === 'ambiguous' && found.regions.map((region) => `${region.provider} ${region.zone}`)).toEqual([
      'alibaba GB',
      'aws IE',
    ]);
    expect(findRegion('aws/eu-west-1')).toMatchObject({ kind: 'zone', zone: 'IE' });
  });

  it('says so when it knows no such region', () => {
    expect(findRegion('atlantis-1')).toEqual({ kind: 'unknown' });
    expect(findRegion('aws/europe-west9')).toEqual({ kind: 'unknown' });
  });
});
