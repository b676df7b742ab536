/** Puts the names and lines of the user's own files into stacks. A bundle's map is parsed when a stack is first printed. */
import { SourceMap } from "node:module";

const inlineMap = /\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;
/** A place in a bundle, as stacks print it. */
const place = /(?:file:\/\/)?\/(?:app|[\w./-]*mayfly-\w+)\/([a-z0-9-]+)\.[cm]js:(\d+):(\d+)/g;

export class SourceMaps {
  readonly #encoded = new Map<string, string>();
  readonly #parsed = new Map<string, SourceMap>();

  /** @param code a function's bundle, with its map inline or with none */
  add(name: string, code: string): void {
    // Looks at the end only: a map is the last line.
    const at = code.lastIndexOf("//# sourceMappingURL=");
    const encoded = at < 0 ? undefined : inlineMap.exec(code.slice(at))?.[1];
    if (encoded !== undefined) this.#encoded.set(name, encoded);
  }

  /** The text, with places in bundles replaced by places in their sources. */
  apply(text: string): string {
    if (this.#encoded.size === 0 || !text.includes("js:")) return text;
    return text.replace(place, (whole, name: string, line: string, column: string) => {
      const entry = this.#map(name)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (entry === undefined || !("originalSource" in entry)) return whole;
      return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
  }

  #map(name: string): SourceMap | undefined {
    const known = this.#parsed.get(name);
    const encoded = this.#encoded.get(name);
    if (known !== undefined || encoded === undefined) return known;
    const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()));
    this.#parsed.set(name, map);
    return map;
  }
}
