/** Metadata that is no plain text, as RFC 2047 has it in headers: read from requests, and written to replies as AWS writes it. */

const word = /=\?([\w-]{1,40})\?([BbQq])\?([^?\s]*)\?=/g;

/** With the words that it has in the place of those that are encoded. One in a character set that is not known stays as it is. */
export function decodedWords(text: string): string {
  if (!text.includes("=?")) return text;
  // Between two encoded words, blanks mean nothing.
  return text.replaceAll(/(\?=)\s+(?==\?)/g, "$1").replaceAll(word, (whole: string, charset: string, kind: string, content: string) => {
    const bytes = kind.toUpperCase() === "B" ? Buffer.from(content, "base64") : ofQuoted(content);
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      return whole;
    }
  });
}

function ofQuoted(text: string): Buffer {
  const plain = text
    .replaceAll("_", " ")
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, "latin1");
}

/** The text itself if it is plain. Otherwise one encoded word, in the form that leaves more of it readable. */
export function encodedWord(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  // oxlint-disable-next-line no-control-regex -- they are counted
  const strange = text.match(/[^\t\n\r\x20-\x7e]/g)?.length ?? 0;
  if (text.length - strange <= strange) return `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
  let quoted = "";
  for (const byte of Buffer.from(text)) {
    const sign = String.fromCharCode(byte);
    if (sign === " ") quoted += "_";
    else if (byte < 0x20 || byte > 0x7e || "=_?".includes(sign)) quoted += `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    else quoted += sign;
  }
  return `=?UTF-8?Q?${quoted}?=`;
}
