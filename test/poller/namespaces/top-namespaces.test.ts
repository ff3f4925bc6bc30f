import { describe, expect, it } from 'vitest';
import { TopNamespaces } from '../../../poller/namespaces/top-namespaces.ts';

const start = (limit: number) => {
  const removed: string[] = [];
  return { top: new TopNamespaces(limit, (namespace) => removed.push(namespace)), removed };
};

describe('TopNamespaces', () => {
  it('names namespaces up to the limit, and calls the rest other', () => {
    const { top } = start(2);

    expect(['a', 'b', 'c', 'a'].map((name) => top.labelOf(name, 10))).toEqual(['a', 'b', 'other', 'a']);
  });

  it('gives the name of the smallest to one that has used clearly more, and says whose series goes', () => {
    const { top, removed } = start(2);
    top.labelOf('a', 100);
    top.labelOf('b', 10);

    expect(top.labelOf('c', 11)).toBe('other');
    expect(top.labelOf('c', 1)).toBe('c');
    expect(removed).toEqual(['b']);
    expect(top.labelOf('b', 1)).toBe('other');
  });

  it('never has more names than the limit, over any number of namespaces', () => {
    const { top, removed } = start(50);
    const labels = new Set<string>();
    for (let index = 0; index < 5_000; index++) labels.add(top.labelOf(`n-${index}`, index));

    expect(labels.size - 1 - removed.length).toBeLessThanOrEqual(50);
  });
});
