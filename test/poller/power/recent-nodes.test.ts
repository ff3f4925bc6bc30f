import { expect, it } from 'vitest';
import { RecentNodes } from '../../../poller/power/recent-nodes.ts';

it('a node is remembered for exactly as long as was said, from when it was last seen', () => {
  let now = 0;
  const nodes = new RecentNodes(80_000, () => now);
  nodes.saw('a', 0);
  nodes.saw('b', 0);
  nodes.saw('b', 15_000);

  now = 80_000;
  expect([...nodes.names()]).toEqual(['a', 'b']);
  now = 80_001;
  expect([...nodes.names()]).toEqual(['b']);
  now = 95_001;
  expect([...nodes.names()]).toEqual([]);
});
