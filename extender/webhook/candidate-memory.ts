import { createNameIndex, type NameIndex } from './name-index.ts';
import type { CandidateMemory, Candidates } from './protocol.ts';

interface Entry {
  readonly bytes: Buffer;
  readonly candidates: Candidates;
  /** Made when the candidates are first asked for again; null where there can be none. */
  index?: NameIndex | null;
}

/** How many different lists of candidates are kept, and how many bytes of them in all. */
const LIMITS = { entries: 8, bytes: 32 * 1024 * 1024 };

/**
 * Remembers the newest lists of candidates: filter and prioritize of one pod carry the same bytes, and consecutive
 * pods ask about the same nodes in ever other orders. Holds nothing that changes an answer.
 */
export function createCandidateMemory(limits: { entries: number; bytes: number } = LIMITS): CandidateMemory {
  const newestFirst: Entry[] = [];
  return {
    recall(bytes) {
      const at = newestFirst.findIndex((entry) => isSame(entry, bytes));
      const entry = newestFirst[at];
      if (entry !== undefined && at > 0) {
        newestFirst.splice(at, 1);
        newestFirst.unshift(entry);
      }
      return entry?.candidates;
    },
    keep(bytes, candidates) {
      newestFirst.unshift({ bytes, candidates });
      let total = 0;
      const end = newestFirst.findIndex((entry, at) => {
        total += entry.bytes.length;
        return at >= limits.entries || (at > 0 && total > limits.bytes);
      });
      if (end >= 0) newestFirst.length = end;
    },
  };
}

function isSame(entry: Entry, bytes: Buffer): boolean {
  if (entry.bytes.length !== bytes.length) return false;
  if (entry.bytes.equals(bytes)) return true;
  if (entry.candidates.form !== 'names') return false;
  if (entry.index === undefined) entry.index = createNameIndex(entry.candidates.names) ?? null;
  return entry.index?.(bytes) ?? false;
}
