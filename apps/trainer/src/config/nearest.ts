/**
 * Edit distance of two words: insertions, deletions, substitutions and swaps of neighbours.
 *
 * @see Optimal string alignment distance, https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(substitution, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('.') + 1);

/**
 * The known name that was probably meant: the nearest one by edit distance, if it is near enough. Of dotted names the
 * last part alone may decide, so that `lr` finds `optimizer.lr`.
 *
 * @returns undefined if no name is near.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const scored = known.map((candidate) => {
    const other = candidate.toLowerCase();
    const whole = editDistance(wanted, other);
    const allowed = other.length <= 4 ? 1 : Math.max(2, Math.floor(other.length / 3));
    const near = whole <= allowed ? whole : Infinity;
    const [part, otherPart] = [lastPart(wanted), lastPart(other)];
    const ends = editDistance(part, otherPart);
    const endsNear = ends <= (otherPart.length > 3 ? 1 : 0) ? ends + 1 : Infinity;
    return { candidate, score: Math.min(near, endsNear), whole };
  });
  const [best] = scored.sort((a, b) => a.score - b.score || a.whole - b.whole);
  return best === undefined || best.score === Infinity ? undefined : best.candidate;
}

/** `; did you mean optimizer.lr?`, or nothing where no name is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const found = nearest(name, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}
