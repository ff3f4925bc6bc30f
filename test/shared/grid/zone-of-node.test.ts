import { expect, it } from 'vitest';
import { reportedElse, type ZoneSource } from '../../../shared/grid/zone-of-node.ts';
import { zone } from '../../../shared/grid/zones.ts';

it('takes the zone that a node’s labels gave before that of the settings, and names where it is from', () => {
  const configured = Object.assign((node: string) => (node === 'n3' ? undefined : zone('DE')), {
    sourceOf: (node: string): ZoneSource | undefined => (node === 'n3' ? undefined : 'DEFAULT_ZONE'),
  });
  const zoneOf = reportedElse((node) => (node === 'n1' ? zone('FR') : undefined), configured);

  expect(['n1', 'n2', 'n3'].map((node) => [zoneOf(node), zoneOf.sourceOf?.(node)])).toEqual([
    ['FR', 'node'],
    ['DE', 'DEFAULT_ZONE'],
    [undefined, undefined],
  ]);
});
