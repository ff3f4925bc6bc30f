/** The choice closest to what was written, by edit distance and common beginning; undefined when there is no choice. */
export function nearest(written: string, choices: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  const wanted = written.trim().toLowerCase();
  for (const choice of choices) {
    const candidate = choice.toLowerCase();
    const contained = wanted.length > 1 && (candidate.includes(wanted) || wanted.includes(candidate));
    const distance = editDistance(wanted, candidate) - (contained ? 1.5 : 0);
    if (distance < least) [best, least] = [choice, distance];
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and replacements between two texts. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
