import { describe, expect, it } from 'vitest';
import { clusterZones } from '../../../extender/placement/cluster-zones.ts';
import { zone } from '../../../shared/grid/zones.ts';

const configured = { ZONE_MAP: new Map([['a', zone('FR')]]), DEFAULT_ZONE: zone('PL') };
const nodes = (ageMs: number | undefined, ...zones: string[]) => ({ ageMs: () => ageMs, zones: () => zones.map(zone) });

describe('the zones of a cluster', () => {
  it('are not known while its nodes are being listed', () => {
    expect(clusterZones(nodes(undefined, 'DE'), configured)).toBeUndefined();
  });

  it('are those of node labels and of ZONE_MAP, each once', () => {
    expect(clusterZones(nodes(0, 'DE', 'FR'), configured)).toEqual(['DE', 'FR']);
  });

  it('include DEFAULT_ZONE only where no label names any', () => {
    expect(clusterZones(nodes(0), configured)).toEqual(['FR', 'PL']);
    expect(clusterZones(undefined, configured)).toEqual(['FR', 'PL']);
    expect(clusterZones(undefined, { ZONE_MAP: new Map() })).toEqual([]);
  });
});
