/** Longest part of a text that is compared: no choice is as long. */
const LONGEST = 64;

/** The choice closest to what was written, by edit distance and common beginning; undefined when there is no choice. */
export function nearest(written: string, choices: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  const wanted = written.trim().slice(0, LONGEST).toLowerCase();
  for (const choice of choices) {
    const candidate = choice.toLowerCase();
    const contained = wanted.length > 1 && (candidate.includes(wanted) || wanted.includes(candidate));
    const bonus = contained ? 1.5 : 0;
    // No distance is less than the difference of the lengths: most choices need no table.
    if (Math.abs(wanted.length - candidate.length) - bonus >= least) continue;
    const distance = editDistance(wanted, candidate) - bonus;
    if (distance < least) [best, least] = [choice, distance];
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and replacements between two texts. One row of the table, in place. */
function editDistance(from: string, to: string): number {
  const row = new Uint16Array(to.length + 1);
  for (let j = 0; j <= to.length; j++) row[j] = j;
  for (let i = 1; i <= from.length; i++) {
    const letter = from.charCodeAt(i - 1);
    let diagonal = i - 1;
    let left = i;
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const above = row[j] as number;
      const replaced = diagonal + (letter === to.charCodeAt(j - 1) ? 0 : 1);
      left = Math.min(replaced, above + 1, left + 1);
      row[j] = left;
      diagonal = above;
    }
  }
  return row[to.length] ?? 0;
}
