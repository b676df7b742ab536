/** Requests and replies of HTTP as text that people write and read. Pure. */

/** Headers that were written as lines of `name: value`. Throws with the line that is none. */
export function headersIn(text: string): [string, string][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1) throw new Error(`"${line.slice(0, 100)}" is no header: it has to be a name, a colon and a value.`);
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
}

export interface ShownBody {
  text: string;
  /** Whether it is no text, and shown as hexadecimal digits. */
  isBinary: boolean;
}

/** Bytes of a binary body that are shown. */
const MOST_BINARY = 1_024;

/** @param isCut whether more was left out, so that the last character may be half of one */
export function bodyOf(base64: string, isCut: boolean): ShownBody {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut }), isBinary: false };
  } catch {
    const digits = [...bytes.subarray(0, MOST_BINARY)].map((byte) => byte.toString(16).padStart(2, "0"));
    return { text: digits.join(" "), isBinary: true };
  }
}
