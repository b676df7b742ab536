/**
 * Says why a text is not valid JSON without quoting it. The message of JSON.parse() quotes the text around the mistake, which may contain a
 * secret.
 *
 * @param error what JSON.parse() threw for the text
 */
export function whyNoJson(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const at = /at position (\d+)/.exec(message)?.[1];
  const position = at === undefined ? positionOfQuote(text, message) : Number(at);
  if (text.trim() === "") return "it is empty";
  return position === undefined ? "it is not valid JSON" : `it is not valid JSON at ${lineAndColumn(text, position)}`;
}

/**
 * Finds the position of the mistake in messages such as `Unexpected token 'x', ..."around xyz"... is not valid JSON`, which quote up to ten
 * characters before the token.
 */
function positionOfQuote(text: string, message: string): number | undefined {
  const [, token, cut, quote] = /^Unexpected token '([^]+?)', (\.\.\.)?"([^]*)"(?:\.\.\.)? is not valid JSON$/.exec(message) ?? [];
  if (token === undefined || quote === undefined) return undefined;
  const found = text.indexOf(quote);
  if (found === -1) return undefined;
  const position = cut === undefined ? quote.indexOf(token) : 10;
  return position === -1 || quote[position] !== token ? undefined : found + position;
}

function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position).split("\n");
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
