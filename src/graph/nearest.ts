/** The word somebody probably meant. Suggested, never run. */

/** At most a third of the letters differ; what was begun counts as nearest. @returns undefined when nothing is more than a guess */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const best = words
    .map((candidate) => ({ candidate, distance: distanceTo(typed, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (best === undefined) return undefined;
  const far = Math.max(1, Math.floor(Math.max(word.length, best.candidate.length) / 3));
  return best.distance <= far ? best.candidate : undefined;
}

function distanceTo(typed: string, candidate: string): number {
  return candidate.startsWith(typed) && typed.length > 1 ? 0.5 : distance(typed, candidate);
}

/** Letters to add, drop, change or swap. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      const row = rows[i];
      if (row !== undefined) row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same, swapped);
    }
  }
  return at(a.length, b.length);
}
