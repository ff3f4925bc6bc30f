import { describe, expect, it } from 'vitest';
import { zone } from '../../../shared/grid/zones.ts';
import type { NodeMachineStore } from '../../../shared/records/node-machines.ts';
import type { NodeZoneStore } from '../../../shared/records/node-zones.ts';
import type { Opened } from './opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

/** Every adapter of the port passes this suite. `open` gives an empty store. */
export function nodeZonesContract(name: string, open: () => Promise<Opened<NodeZoneStore & NodeMachineStore>>): void {
  describe(`${name} remembers the zones of nodes`, () => {
    it('and gives the last one of each, also of a node that is told no more', async () => {
      await using store = await open();

      const before = await store.nodeZones();
      await store.recordNodeZones(
        new Map([
          ['gone', zone('FR')],
          ['moved', zone('DE')],
        ]),
        NOON,
      );
      await store.recordNodeZones(new Map([['moved', zone('PL')]]), NOON + 1);
      // Told again, it is nothing new: an older time must not win.
      await store.recordNodeZones(new Map([['moved', zone('PL')]]), NOON - 1);

      expect([...before]).toEqual([]);
      expect(Object.fromEntries(await store.nodeZones())).toEqual({ gone: 'FR', moved: 'PL' });
    });

    it('and what machines they are: the newest counts, also of a node that is gone', async () => {
      await using store = await open();
      const small = { cloud: 'aws', instanceType: 'm5.large', region: 'eu-west-1', vcpus: 2, memoryGb: 8 };

      const before = await store.nodeMachines();
      await store.recordNodeMachines(
        new Map([
          ['gone', small],
          ['grown', small],
        ]),
        NOON,
      );
      await store.recordNodeMachines(new Map([['grown', { ...small, instanceType: 'm5.xlarge' }]]), NOON + 1);
      await store.recordNodeMachines(new Map([['grown', { vcpus: 1 }]]), NOON - 1);

      expect([...before]).toEqual([]);
      expect(Object.fromEntries(await store.nodeMachines())).toEqual({
        gone: small,
        grown: { ...small, instanceType: 'm5.xlarge' },
      });
    });
  });
}
