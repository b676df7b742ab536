/** Keeps what follows from texts that requests repeat, such as their paths: to work it out is much of the work of a small call. */

/** A longer text is not kept, so that what is kept has an end. */
const LONGEST = 512;

/** @param most texts; then all are forgotten @param work pure: what follows from the text alone. What it throws is thrown, and not kept */
export function remembering<T>(most: number, work: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = work(text);
    if (text.length > LONGEST) return made;
    if (known.size >= most) known.clear();
    known.set(text, made);
    return made;
  };
}
