/** Whether the text is what a pattern of a policy means: `*` stands for any signs, `?` for one. Takes no longer than the product of both lengths, whatever they are. */
export function fits(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  // Where the last star is, and up to where it reaches as far as is known.
  let [star, reach] = [-1, 0];
  while (at < text.length) {
    if (from < pattern.length && pattern[from] === "*") {
      star = from++;
      reach = at;
    } else if (from < pattern.length && (pattern[from] === "?" || pattern[from] === text[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++reach;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
