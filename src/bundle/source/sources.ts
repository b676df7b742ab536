/** The files of a bundle, parsed if they may matter, and as rewritten for the second pass. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { Loader, Metafile, Plugin } from "esbuild";
import { REGISTRY } from "../packages/registry.ts";
import { ownerOf } from "../packages/package-file.ts";
import { mayReadFiles } from "./package-reads.ts";
import { type SourceFile, isScript, parseFile } from "./parse.ts";
import { type Rewritten, mayNeedRewriting, rewrite } from "./rewrite.ts";

export interface Source extends SourceFile {
  /** The package to which the file belongs; undefined for the app's own files. */
  owner: string | undefined;
  rewritten: Rewritten;
}

/** What files of packages look like, which change only when they are installed: by their paths, with the stamp that a changed file does not have. */
export class KnownSources {
  readonly #known = new Map<string, { stamp: string; text: string; source: Source | undefined }>();

  /** @param look reads the file */
  of(path: string, look: () => { text: string; source: Source | undefined }): { text: string; source: Source | undefined } {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true });
    const stamp = `${mtimeNs} ${size} ${ino}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known;
    const found = { stamp, ...look() };
    this.#known.set(path, found);
    return found;
  }
}

export class Sources {
  readonly #root: string;
  readonly #texts = new Map<string, string>();
  readonly #parsed = new Map<string, SourceFile | undefined>();
  readonly #looked = new Map<string, Source>();

  /** @param used relative to the root, as usedFiles() gives them @param known what is known of packages' files */
  constructor(root: string, used: string[], known: KnownSources) {
    this.#root = root;
    for (const file of used) this.#look(join(root, file), known);
  }

  #look(path: string, known: KnownSources): void {
    if (!isScript(path) || !isFile(path)) return;
    const owner = ownerOf(path);
    const look = () => this.#read(path, owner);
    const { text, source } = owner === undefined ? look() : known.of(path, look);
    this.#texts.set(path, text);
    if (source) this.#looked.set(path, source);
  }

  #read(path: string, owner: string | undefined): { text: string; source: Source | undefined } {
    const text = readFileSync(path, "utf8");
    const file = owner === undefined || mayNeedRewriting.test(text) || mayReadFiles.test(text) ? parseFile(path, text) : undefined;
    return { text, source: file && { ...file, owner, rewritten: rewrite(file, this.#root, REGISTRY) } };
  }

  /** The app's own files, and those of packages that may need rewriting or may read files. */
  get looked(): Source[] {
    return [...this.#looked.values()];
  }

  /** The contents of all files of a package, or of the app's own files if `owner` is undefined. */
  textsOf(owner: string | undefined): string[] {
    return [...this.#texts].filter(([path]) => ownerOf(path) === owner).map(([, text]) => text);
  }

  /** The file in the form that is bundled. */
  fileAt(path: string): SourceFile | undefined {
    if (!this.#parsed.has(path)) this.#parsed.set(path, this.#parse(path));
    return this.#parsed.get(path);
  }

  #parse(path: string): SourceFile | undefined {
    const text = this.#looked.get(path)?.rewritten.text ?? this.#texts.get(path) ?? (isFile(path) ? readFileSync(path, "utf8") : undefined);
    return text === undefined ? undefined : parseFile(path, text);
  }

  plugin(): Plugin {
    const changed = this.looked.filter(({ text, rewritten }) => rewritten.text !== text);
    return {
      name: "rewrites",
      setup: (build) => {
        if (changed.length === 0) return;
        // The filter lists the exact paths, because asking the plugin about every file of a large bundle would take seconds.
        build.onLoad({ filter: anyOf(changed.map(({ path }) => path)) }, ({ path, with: attributes }) => {
          const source = this.#looked.get(path);
          if (!source || Object.keys(attributes).length > 0) return undefined;
          return { contents: source.rewritten.text, loader: loaderOf(path) };
        });
      },
    };
  }
}

/** The files of which something is in the bundle, relative to the root, in the bundler's order. */
export function usedFiles(metafile: Metafile): string[] {
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  return Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
}

/** Whether the input is a real file, and not the replacement of a missing package. */
function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function loaderOf(path: string): Loader {
  return extname(path).replace(/^\.[cm]?/, "") as Loader;
}

function anyOf(paths: string[]): RegExp {
  return new RegExp(`^(${paths.map((path) => path.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|")})$`);
}
