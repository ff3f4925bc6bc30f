import type { CandidateMemory, Candidates } from './protocol.ts';

interface Entry {
  readonly bytes: Buffer;
  readonly candidates: Candidates;
}

/** How many different lists of candidates are kept, and how many bytes of them in all. */
const LIMITS = { entries: 8, bytes: 32 * 1024 * 1024 };

/**
 * Remembers the newest lists of candidates: filter and prioritize of one pod carry the same bytes, and consecutive
 * pods ask about the same nodes in ever other orders. Holds nothing that changes an answer.
 */
export function createCandidateMemory(limits: { entries: number; bytes: number } = LIMITS): CandidateMemory {
  const newestFirst: Entry[] = [];
  const indexes = new WeakMap<Candidates, NameIndex>();
  return {
    recall(bytes) {
      const at = newestFirst.findIndex((entry) => entry.bytes.length === bytes.length && entry.bytes.equals(bytes));
      const entry = newestFirst[at];
      if (entry !== undefined && at > 0) {
        newestFirst.splice(at, 1);
        newestFirst.unshift(entry);
      }
      return entry?.candidates;
    },
    recallNames(names) {
      for (const { candidates } of newestFirst) {
        if (candidates.form !== 'names' || candidates.names.length !== names.length) continue;
        let index = indexes.get(candidates);
        if (index === undefined) {
          index = indexOf(candidates.names);
          indexes.set(candidates, index);
        }
        if (holdsExactly(index, names)) return candidates;
      }
      return undefined;
    },
    keep(bytes, candidates) {
      // One entry per set of nodes: the newest order is the one that the next call of the same pod repeats.
      const older = newestFirst.findIndex((entry) => entry.candidates === candidates);
      if (older >= 0) newestFirst.splice(older, 1);
      newestFirst.unshift({ bytes, candidates });
      let total = 0;
      const end = newestFirst.findIndex((entry, at) => {
        total += entry.bytes.length;
        return at >= limits.entries || (at > 0 && total > limits.bytes);
      });
      if (end >= 0) newestFirst.length = end;
      return candidates;
    },
  };
}

/** Names by place, and in which comparison each was last seen: tells sets apart without making one per request. */
interface NameIndex {
  readonly places: ReadonlyMap<string, number>;
  readonly seen: Uint32Array;
  round: number;
}

function indexOf(names: readonly string[]): NameIndex {
  return { places: new Map(names.map((name, at) => [name, at])), seen: new Uint32Array(names.length), round: 0 };
}

/** Whether as many names as the index holds are those very names, each once. */
function holdsExactly(index: NameIndex, names: readonly string[]): boolean {
  const { places, seen } = index;
  index.round = (index.round + 1) >>> 0;
  for (const name of names) {
    const at = places.get(name);
    if (at === undefined || seen[at] === index.round) return false;
    seen[at] = index.round;
  }
  return true;
}
