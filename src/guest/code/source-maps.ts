/** Puts the names and lines of the user's own files into stacks. A bundle's map is parsed when a stack is first printed. */
import { SourceMap } from "node:module";

/** How a bundle's last line begins, where it carries its map. */
const COMMENT = "//# sourceMappingURL=data:application/json";
const encodedMap = /base64,([A-Za-z0-9+/=]+)\s*$/;
/** A place in a bundle, as stacks print it. */
const place = /(?:file:\/\/)?\/(?:app|[\w./-]*mayfly-\w+)\/([a-z0-9-]+)\.[cm]js:(\d+):(\d+)/g;

export class SourceMaps {
  readonly #comments = new Map<string, string>();
  readonly #parsed = new Map<string, SourceMap>();

  /** @param code a function's bundle, with its map inline or with none */
  add(name: string, code: string): void {
    // Only kept: a regular expression that V8 has to compile would cost a new machine's first caller 15 ms.
    const at = code.lastIndexOf(COMMENT);
    if (at >= 0) this.#comments.set(name, code.slice(at));
  }

  /** The text, with places in bundles replaced by places in their sources. */
  apply(text: string): string {
    if (this.#comments.size === 0 || !text.includes("js:")) return text;
    return text.replace(place, (whole, name: string, line: string, column: string) => {
      const entry = this.#map(name)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (entry === undefined || !("originalSource" in entry)) return whole;
      return `${readable(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
  }

  #map(name: string): SourceMap | undefined {
    const known = this.#parsed.get(name);
    if (known !== undefined) return known;
    const encoded = encodedMap.exec(this.#comments.get(name) ?? "")?.[1];
    if (encoded === undefined) return undefined;
    const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()));
    this.#parsed.set(name, map);
    return map;
  }
}

/** Sources of a map are URLs. Code that was not bundled by us may bring a map with anything in it. */
function readable(source: string): string {
  try {
    return decodeURI(source);
  } catch {
    return source;
  }
}
