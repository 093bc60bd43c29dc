/** The word with the fewest insertions, deletions and replacements away from `word`; the first of equals. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  const distances = words.map((candidate) => editDistance(word, candidate));
  return words[distances.indexOf(Math.min(...distances))];
}

/** @source Levenshtein 1966; one row of the table is kept. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
