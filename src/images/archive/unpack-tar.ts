/**
 * Unpacks a tar archive into a new folder. Invariants:
 * 1. Nothing is written outside the folder. Names are checked (read-tar.ts), and entries are created only below folders that this archive
 *    itself created, so no link is ever followed.
 * 2. Files get the modes of images. Setuid bits, owners, times, attributes and devices are not taken over.
 * 3. The number of entries and the bytes are bounded.
 */
import { link, mkdir, open, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { modes } from "../settle-modes.ts";
import { expect } from "./expect.ts";
import { readTar, type TarEntry } from "./read-tar.ts";

/** Includes folders that no header names. */
const MOST_ENTRIES = 500_000;
const MOST_BYTES = 16 * 2 ** 30;
const MOST_DEPTH = 128;

/** @param into must not exist. Throws UnsoundArchive; what was unpacked before the error stays in the folder. */
export async function unpackTar(source: AsyncIterable<Uint8Array>, into: string): Promise<void> {
  await mkdir(into, { mode: modes.folder });
  const unpacking = new Unpacking(into);
  for await (const entry of readTar(source)) await unpacking.add(entry);
}

class Unpacking {
  readonly #root: string;
  readonly #made = new Map<string, TarEntry["kind"]>([["", "folder"]]);
  #bytes = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async add(entry: TarEntry): Promise<void> {
    const { path, kind } = entry;
    if (kind === "folder") return this.#folder(path);
    expect(!this.#made.has(path), `it has ${JSON.stringify(path)} twice`);
    await this.#folder(parentOf(path));
    this.#note(path, kind);
    const place = join(this.#root, path);
    if (kind === "symlink") await symlink(entry.target, place);
    else if (kind === "link") await this.#link(entry.target, place);
    else await this.#file(entry, place);
  }

  /** Creates a folder and its parents. Archives may name a folder more than once. */
  async #folder(path: string): Promise<void> {
    const there = this.#made.get(path);
    if (there === "folder") return;
    expect(there === undefined, `${JSON.stringify(path)} is a folder, and something else before`);
    expect(path.split("/").length <= MOST_DEPTH, "it has folders that lie too deep");
    await this.#folder(parentOf(path));
    this.#note(path, "folder");
    await mkdir(join(this.#root, path), { mode: modes.folder });
  }

  #note(path: string, kind: TarEntry["kind"]): void {
    expect(this.#made.size < MOST_ENTRIES, `it has over ${MOST_ENTRIES} entries`);
    this.#made.set(path, kind);
  }

  async #link(target: string, place: string): Promise<void> {
    const kind = this.#made.get(target);
    expect(kind === "file" || kind === "link", `a link leads to ${JSON.stringify(target)}, which is not a file in it`);
    await link(join(this.#root, target), place);
  }

  async #file({ content, size, program }: Extract<TarEntry, { kind: "file" }>, place: string): Promise<void> {
    this.#bytes += size;
    expect(this.#bytes <= MOST_BYTES, `it has over ${MOST_BYTES} bytes`);
    await using file = await open(place, "wx", 0o600);
    for await (const bytes of content) await file.writeFile(bytes);
    await file.chmod(program ? modes.program : modes.file);
  }
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}
