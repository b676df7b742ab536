/**
 * Replaces places in bundles by names and lines of the user's own files in stacks. Only the part of a bundle's map that is asked for is
 * decoded (mappings.ts).
 */
import { taskRoot } from "../../../agent/files/task-root.ts";
import { Mappings } from "./mappings.ts";

/** How the last line of a bundle begins if it carries its map. */
const COMMENT = "//# sourceMappingURL=data:application/json";
const ENCODING = "base64,";
/** A place in a bundle, as stacks print it: common-js.ts and es-module.ts name the bundles. */
const place = new RegExp(`(?:file://)?${RegExp.escape(taskRoot)}/(?:\\.mayfly-\\w+/)?([A-Za-z0-9_-]+)\\.[cm]js:(\\d+):(\\d+)`, "g");

interface BundleMap {
  sources: readonly unknown[];
  mappings: Mappings;
}

export class SourceMaps {
  readonly #comments = new Map<string, string>();
  readonly #parsed = new Map<string, BundleMap | undefined>();

  /** @param code a function's bundle, with its map inline or with none */
  add(name: string, code: string): void {
    // The map is only kept here, because a regular expression that V8 has to compile would cost a new machine's first caller 15 ms.
    const at = code.lastIndexOf(COMMENT);
    if (at >= 0) this.#comments.set(name, code.slice(at));
  }

  /** The text, with places in bundles replaced by places in their sources. */
  apply(text: string): string {
    if (this.#comments.size === 0 || !text.includes("js:")) return text;
    return text.replace(place, (whole, name: string, line: string, column: string) => {
      const map = this.#map(name);
      const original = map?.mappings.find(Number(line) - 1, Number(column) - 1);
      const source = original && map?.sources[original.source];
      return typeof source === "string" ? `${readable(source)}:${original!.line + 1}:${original!.column + 1}` : whole;
    });
  }

  #map(name: string): BundleMap | undefined {
    if (!this.#parsed.has(name)) this.#parsed.set(name, parse(this.#comments.get(name)));
    return this.#parsed.get(name);
  }
}

/** Undefined if it is not a map: code that was not bundled by us may contain anything in its place. */
function parse(comment: string | undefined): BundleMap | undefined {
  const encodedAt = comment?.indexOf(ENCODING) ?? -1;
  if (encodedAt < 0) return undefined;
  try {
    const map: unknown = JSON.parse(Buffer.from(comment!.slice(encodedAt + ENCODING.length), "base64").toString());
    const { sources, mappings } = map as { sources: unknown; mappings: unknown };
    return Array.isArray(sources) && typeof mappings === "string" ? { sources, mappings: new Mappings(mappings) } : undefined;
  } catch {
    return undefined; // not a map, so places stay the bundle's
  }
}

/** A source as people read it: it is a URL, or should be. */
function readable(source: string): string {
  try {
    return decodeURI(source);
  } catch {
    return source;
  }
}
