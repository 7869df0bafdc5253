// The known name that a mistyped one was probably meant to be.

/**
 * Edits that turn `a` into `b`: a letter put in, taken out, replaced, or swapped with its neighbour (the restricted
 * Damerau–Levenshtein distance, also called optimal string alignment).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j] + 1, next[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2] + 1);
      }
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[b.length];
}

/**
 * The one of `known` nearest to `name`, whatever the case of its letters: the beginning of one, or one that at most a third
 * of the letters (and at least one may) differ from; the first of several. Undefined where none is that near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  let [best, least] = [undefined as string | undefined, Infinity];
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    const isStart = wanted.length > 1 && other.startsWith(wanted);
    const distance = isStart ? 1 : editDistance(wanted, other);
    if (distance <= most && distance < least) [best, least] = [candidate, distance];
  }
  return best;
}
