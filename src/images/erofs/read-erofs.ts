/**
 * Reads the entries of an erofs file system without trusting it, because it may come from an image store. Nothing is unpacked: a caller
 * that wants a file's bytes reads them at their place in the file system.
 *
 * Invariants, all checked before the first entry is returned:
 * 1. Every name may be joined to a path: it is not empty, "." or "..", contains no "/" or zero byte, is valid UTF-8, and occurs once in its
 *    folder.
 * 2. There are only folders, files and symbolic links. Each folder lies in exactly one folder. Files may have several names.
 * 3. Depth, number, and the sums of paths, targets and sizes are bounded (tree-bounds.ts), so that a small file system can't fill the
 *    memory or a disk. How much is read for this is bounded as well (bounded-file.ts).
 */
import type { FileEntry, FolderEntry, SymlinkEntry } from "../tree.ts";
import { createTreeBounds, type TreeBounds } from "../tree-bounds.ts";
import { BoundedFile } from "./bounded-file.ts";
import { expect, Kind, TARGET_BYTES } from "./format.ts";
import { entriesOf } from "./read-folder.ts";
import { type Inode, readInode, readSuperblock, type Superblock } from "./read-inode.ts";

interface ErofsFile extends Omit<FileEntry, "content"> {
  content: { from: string; pieces: Inode["pieces"] };
  size: number;
}

export type ErofsEntry = FolderEntry | SymlinkEntry | ErofsFile;

const MOST_DEPTH = 128;

/** All entries except the root, each after its folder. Throws UnsoundErofs. */
export function readErofs(path: string): ErofsEntry[] {
  const file = new BoundedFile(path);
  try {
    return new Walk(file, path).entries();
  } finally {
    file.close();
  }
}

interface Folder {
  path: string;
  depth: number;
  number: number;
  inode: Inode;
  parent: number;
}

class Walk {
  readonly #file: BoundedFile;
  readonly #from: string;
  readonly #superblock: Superblock;
  readonly #folders: Folder[] = [];
  readonly #seen = new Set<number>();
  readonly #found: ErofsEntry[] = [];
  readonly #bounds: TreeBounds;

  constructor(file: BoundedFile, from: string) {
    this.#file = file;
    this.#from = from;
    this.#superblock = readSuperblock(file);
    this.#bounds = createTreeBounds(file.size, expect);
  }

  entries(): ErofsEntry[] {
    const number = this.#superblock.rootNumber;
    const inode = readInode(this.#file, this.#superblock, number, "/");
    expect(inode.kind === "folder", "its root is not a folder");
    this.#enter({ path: "", depth: 0, number, inode, parent: number });
    for (const folder of this.#folders) this.#visit(folder);
    return this.#found;
  }

  #enter(folder: Folder): void {
    const { path, number, depth } = folder;
    expect(!this.#seen.has(number), `${path} is a folder that lies elsewhere, too`);
    expect(depth <= MOST_DEPTH, `it has folders that lie ${depth} deep`);
    this.#seen.add(number);
    this.#folders.push(folder);
  }

  #visit(folder: Folder): void {
    const shown = folder.path || "/";
    const own: Record<string, number> = { ".": folder.number, "..": folder.parent };
    let dots = 0;
    for (const { name, number, type } of entriesOf(this.#file, folder.inode, shown)) {
      if (name !== "." && name !== "..") this.#add(folder, name, number, type);
      else {
        expect(number === own[name] && type === Kind.folder.entry, `${shown} has a "${name}" that leads elsewhere`);
        dots += 1;
      }
    }
    expect(dots === 2, `${shown} has no "." or no ".."`);
  }

  #add(folder: Folder, name: string, number: number, type: number): void {
    const path = `${folder.path}/${name}`;
    this.#bounds.entry(path);
    const inode = readInode(this.#file, this.#superblock, number, path);
    expect(Kind[inode.kind].entry === type, `${path} is something else than its folder says`);
    if (inode.kind === "folder") {
      this.#enter({ path, depth: folder.depth + 1, number, inode, parent: folder.number });
      this.#found.push({ kind: "folder", path, mode: inode.mode });
    } else if (inode.kind === "symlink") this.#found.push({ kind: "symlink", path, target: this.#targetOf(inode, path) });
    else this.#found.push(this.#fileOf(inode, path));
  }

  #fileOf({ mode, size, pieces }: Inode, path: string): ErofsEntry {
    this.#bounds.file(size);
    return { kind: "file", path, mode, size, content: { from: this.#from, pieces } };
  }

  #targetOf({ size, pieces }: Inode, path: string): string {
    expect(size > 0 && size <= TARGET_BYTES, `${path} is a symbolic link with a target of ${size} bytes`);
    const bytes = Buffer.concat(pieces.map((piece) => this.#file.read(piece.at, piece.bytes, path)));
    const target = bytes.toString("utf8");
    expect(!bytes.includes(0) && Buffer.from(target).equals(bytes), `${path} is a symbolic link with a target that is not text`);
    this.#bounds.target(target);
    return target;
  }
}
