/** What a bucket needs of XML: S3's answers have no attributes of interest, no comments and no CDATA. */
const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

export function escaped(text: string): string {
  return text.replaceAll(/[&<>\r\n\t]/g, (sign) => signs[sign] ?? `&#x${sign.charCodeAt(0).toString(16)};`);
}

/** The text of an element without others in it; empty if there is none. */
export function within(text: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  return found.replaceAll(/&(?:#x([0-9a-f]+)|(\w+));/g, (_all, code?: string, word?: string) =>
    code === undefined ? (names[word!] ?? "") : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** What is in each element of a name. */
export function elementsOf(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, content]) => content!);
}
