/** The word that was probably meant by one that is not known: the one that begins like it or differs in the fewest letters; undefined if none is near. */
export function likeliest(word: string, known: readonly string[]): string | undefined {
  const given = word.toLowerCase();
  const most = given.length < 4 ? 1 : 2;
  const ranked = known
    .map((each) => ({ each, far: distance(given, each.toLowerCase()) }))
    .filter(({ each, far }) => far <= most || beginsAlike(given, each.toLowerCase()))
    .toSorted((a, b) => a.far - b.far);
  return ranked[0]?.each;
}

/** `memory` and `memoryMb`, `entrypoint` and `entry`. */
function beginsAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
}

/** How many letters must be added, left out or replaced to make one of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 0; row < a.length; row++) {
    const line = [row + 1];
    for (let column = 0; column < b.length; column++) {
      const replaced = above[column]! + (a[row] === b[column] ? 0 : 1);
      line.push(Math.min(line[column]! + 1, above[column + 1]! + 1, replaced));
    }
    above = line;
  }
  return above.at(-1)!;
}
