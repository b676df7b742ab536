import { readFileSync } from "node:fs";

/** The longest name that is looked at, in bytes. */
const LONGEST = 1_024;

/** The names of a jar's files that end so. They stand in it as they are, so that it need not be read as an archive. */
export function namesEndingIn(jar: string, ending: string): string[] {
  const data = readFileSync(jar);
  const found = new Set<string>();
  const length = Buffer.byteLength(ending);
  for (let at = data.indexOf(ending); at !== -1; at = data.indexOf(ending, at + 1)) {
    let start = at;
    while (start > 0 && at - start < LONGEST && isOfName(data[start - 1]!)) start -= 1;
    found.add(data.toString("utf8", start, at + length));
  }
  return [...found];
}

/** Before a name stands a number, of which the last byte is nearly always 0. */
function isOfName(byte: number): boolean {
  return byte > 0x7f || /[\w$./-]/.test(String.fromCharCode(byte));
}
