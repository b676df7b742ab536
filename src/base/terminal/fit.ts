/** Makes lines fit the width of a terminal. Sequences that set colours take no width; all other characters count as one wide. */

// oxlint-disable-next-line no-control-regex -- colours begin with an escape
const part = /\u001B\[[\d;]*m|[\s\S]/gu;

/** The line without what is beyond the width. Colours that end there still end. */
export function cutOff(line: string, width: number): string {
  let left = width;
  return line.replace(part, (each) => (each.length > 1 && each.startsWith("\u001B") ? each : left-- > 0 ? each : ""));
}

/** The line as several lines, broken between words. A word that is wider than the width is cut off. */
export function wrapped(line: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else if (word !== "") lines.push(word);
  }
  return lines.map((each) => cutOff(each, width));
}

/** How wide the terminal shows it. */
export function widthOf(line: string): number {
  return (line.match(part) ?? []).filter((each) => each.length === 1 || !each.startsWith("\u001B")).length;
}
