/**
 * Looks at a list of files as JSON before it is parsed: megabytes of nothing but brackets, or of short values, take JSON.parse a second or more, in which no other
 * call is handled.
 */

const [QUOTE, COMMA, OPEN, CLOSE, BACKSLASH, BRACE] = Buffer.from('",[]\\{');
/** An array of arrays with three values each. */
const DEPTH = 2;
const COMMAS = 2;

/** The number of entries; undefined if what it holds is not entries of three values that hold no others. It may be no JSON all the same. */
export function entriesIn(json: Buffer): number | undefined {
  let [depth, entries, commas] = [0, 0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfText(json, at);
    else if (byte === COMMA && depth === DEPTH && ++commas > COMMAS) return undefined;
    else if (byte === CLOSE) depth -= 1;
    else if (byte === BRACE) return undefined;
    else if (byte === OPEN) {
      if (++depth > DEPTH) return undefined;
      if (depth === DEPTH) [entries, commas] = [entries + 1, 0];
    }
  }
  return entries;
}

/** The place of the quote that ends the text, or the last place. */
function endOfText(json: Buffer, quote: number): number {
  for (let end = json.indexOf(QUOTE!, quote + 1); end >= 0; end = json.indexOf(QUOTE!, end + 1)) {
    let before = end - 1;
    while (json[before] === BACKSLASH) before -= 1;
    // Of two backslashes, the first is for the second.
    if ((end - before) % 2 === 1) return end;
  }
  return json.length - 1;
}
