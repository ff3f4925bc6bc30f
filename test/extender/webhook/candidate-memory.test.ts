import { describe, expect, it } from 'vitest';
import { createCandidateMemory } from '../../../extender/webhook/candidate-memory.ts';
import type { Candidates } from '../../../extender/webhook/protocol.ts';

const names = (...list: string[]): Candidates => ({ form: 'names', names: list });
const bytes = (text: string) => Buffer.from(text);

describe('the memory of candidates', () => {
  it('knows what it kept by equal bytes, and nothing else', () => {
    const memory = createCandidateMemory();
    const kept = names('a');
    memory.keep(bytes('["a"]'), kept);

    expect(memory.recall(bytes('["a"]'))).toBe(kept);
    expect(memory.recall(bytes('["b"]'))).toBeUndefined();
  });

  it('knows the same names in another order, and tells them from other names and from repeated ones', () => {
    const memory = createCandidateMemory();
    const kept = names('a', 'b');
    memory.keep(bytes('["a","b"]'), kept);

    expect(memory.recall(bytes('["b","a"]'))).toBe(kept);
    expect(memory.recall(bytes('["b","c"]'))).toBeUndefined();
    expect(memory.recall(bytes('["b","b"]'))).toBeUndefined();
    expect(memory.recall(bytes('["b","a"]'))).toBe(kept);
  });

  it('forgets what was used longest ago', () => {
    const memory = createCandidateMemory({ entries: 2, bytes: 1_000 });
    memory.keep(bytes('1'), names('1'));
    memory.keep(bytes('2'), names('2'));
    memory.recall(bytes('1'));

    memory.keep(bytes('3'), names('3'));

    expect(['1', '2', '3'].map((text) => memory.recall(bytes(text)) !== undefined)).toEqual([true, false, true]);
  });

  it('keeps within its bytes, but always the newest', () => {
    const memory = createCandidateMemory({ entries: 8, bytes: 10 });
    memory.keep(bytes('12345678'), names('old'));

    memory.keep(bytes('a list of twenty and more'), names('new'));

    expect(memory.recall(bytes('12345678'))).toBeUndefined();
    expect(memory.recall(bytes('a list of twenty and more'))).toEqual(names('new'));
  });
});
