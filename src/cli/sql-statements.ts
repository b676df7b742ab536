/** Where the statements of a text of SQL end, as SQLite's own shell finds it. */

/** What a statement is made of: names and words, texts and names in quotes, comments, and single signs. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[\w$\u0080-\uffff]+|\s+|[\s\S]/g;

/** Each without its semicolon, and without those that have nothing but comments. */
export function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let [from, words]: [number, string[]] = [0, []];
  const end = (at: number) => {
    if (words.length > 0) statements.push(text.slice(from, at).trim());
    words = [];
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (/^(?:--|\/\*|\s)/.test(token)) continue;
    if (token === ";" && (!isTrigger(words) || isEnded(words))) {
      end(index);
      from = index + 1;
    } else words.push(token.length > 20 ? "" : token.toUpperCase());
    // Only how a statement begins and ends is looked at.
    if (words.length > 20) words.splice(5, words.length - 10);
  }
  end(text.length);
  return statements;
}

/** Its body has semicolons. */
function isTrigger(words: readonly string[]): boolean {
  return words[0] === "CREATE" && (words[1] === "TRIGGER" || (/^TEMP(?:ORARY)?$/.test(words[1] ?? "") && words[2] === "TRIGGER"));
}

/** The END of a CASE has no semicolon before it. */
function isEnded(words: readonly string[]): boolean {
  return words.at(-1) === "END" && words.at(-2) === ";";
}
