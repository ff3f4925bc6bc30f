import type { CandidateMemory, Candidates } from './protocol.ts';

interface Entry {
  readonly bytes: Buffer;
  readonly candidates: Candidates;
}

/** How many different lists of candidates are kept, and how many bytes of them in all. */
const LIMITS = { entries: 8, bytes: 32 * 1024 * 1024 };

/**
 * Remembers the newest lists of candidates by their bytes: filter and prioritize of one pod carry the same ones, and
 * consecutive pods often do. Holds nothing that changes an answer.
 */
export function createCandidateMemory(limits: { entries: number; bytes: number } = LIMITS): CandidateMemory {
  const newestFirst: Entry[] = [];
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
    keep(bytes, candidates) {
      const same = newestFirst.find((entry) => haveSameNames(entry.candidates, candidates))?.candidates ?? candidates;
      newestFirst.unshift({ bytes, candidates: same });
      let total = 0;
      const kept = newestFirst.findIndex((entry, at) => {
        total += entry.bytes.length;
        return at >= limits.entries || (at > 0 && total > limits.bytes);
      });
      if (kept >= 0) newestFirst.length = kept;
      return same;
    },
  };
}

const sets = new WeakMap<Candidates, ReadonlySet<string>>();

/** kube-scheduler lists the same nodes in ever other orders; order does not matter to a score. */
function haveSameNames(known: Candidates, asked: Candidates): boolean {
  if (known.form !== 'names' || asked.form !== 'names' || known.names.length !== asked.names.length) return false;
  let set = sets.get(known);
  if (set === undefined) {
    set = new Set(known.names);
    sets.set(known, set);
  }
  for (const name of asked.names) if (!set.has(name)) return false;
  return true;
}
