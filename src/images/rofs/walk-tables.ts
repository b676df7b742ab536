/** Turns a ROFS's tables into paths, and checks every reference in them. */
import { createTreeBounds, type TreeBounds } from "../tree-bounds.ts";
import { BLOCK, type Inode, Mode, NAME_BYTES, ROOT_INODE, TARGET_BYTES, blocksOf } from "./format.ts";
import { type Tables, expect } from "./read-tables.ts";

export type WalkedEntry =
  | { kind: "folder"; path: string }
  | { kind: "file"; path: string; block: number; size: number }
  | { kind: "symlink"; path: string; target: string };

/** Each entry comes after its parent; the root is left out. */
export function walkTables(tables: Tables): WalkedEntry[] {
  checkInodes(tables);
  const found: WalkedEntry[] = [];
  const seen = new Set([ROOT_INODE]);
  const folders = [{ path: "", inode: inodeOf(tables, ROOT_INODE) }];
  const bounds = createTreeBounds((tables.superblock.tablesBlock + tables.superblock.tablesBlocks) * BLOCK, expect);
  for (const folder of folders) {
    for (const { inode: number, name } of childrenOf(tables, folder.inode)) {
      const path = `${folder.path}/${name}`;
      expect(!seen.has(number), `${path} is inode ${number}, which something else is, too`);
      seen.add(number);
      bounds.entry(path);
      const inode = inodeOf(tables, number);
      if (inode.mode === Mode.Folder) folders.push({ path, inode });
      found.push(bounded(entryOf(tables, path, inode), bounds));
    }
  }
  expect(seen.size === tables.inodes.length, "it has inodes that lie in no folder");
  expect(found.length === tables.entries.length, "it has directory entries that lie in no folder");
  return found;
}

/** Many inodes may share one target, or one file's blocks, so every use is counted. */
function bounded(entry: WalkedEntry, bounds: TreeBounds): WalkedEntry {
  if (entry.kind === "symlink") bounds.target(entry.target);
  if (entry.kind === "file") bounds.file(entry.size);
  return entry;
}

function checkInodes({ inodes }: Tables): void {
  inodes.forEach(({ number }, at) => expect(number === at + 1, `inode ${at + 1} says it is ${number}`));
  expect(inodes[0]?.mode === Mode.Folder, "its root is not a folder");
}

function inodeOf({ inodes }: Tables, number: number): Inode {
  const inode = inodes[number - 1];
  expect(inode !== undefined, `there is no inode ${number}`);
  return inode;
}

function childrenOf({ entries }: Tables, { number, offset, count }: Inode): Tables["entries"] {
  expect(offset + count <= entries.length, `folder ${number} has children beyond the table`);
  const children = entries.slice(offset, offset + count);
  expect(new Set(children.map(({ name }) => name)).size === count, `folder ${number} has a name twice`);
  for (const { name } of children) expect(isName(name), `folder ${number} has a child ${JSON.stringify(name)}`);
  return children;
}

function isName(name: string): boolean {
  const { length } = Buffer.from(name);
  return length > 0 && length <= NAME_BYTES && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

function entryOf({ superblock, symlinks }: Tables, path: string, { mode, offset, count }: Inode): WalkedEntry {
  switch (mode) {
    case Mode.Folder:
      return { kind: "folder", path };
    case Mode.File:
      expect(offset >= 1 && offset + blocksOf(count) <= superblock.tablesBlock, `${path} lies outside of the data`);
      return { kind: "file", path, block: offset, size: count };
    case Mode.Symlink: {
      const target = symlinks[offset];
      expect(target !== undefined && count === 1, `${path} leads nowhere`);
      expect(target !== "" && Buffer.byteLength(target) <= TARGET_BYTES && !target.includes("\0"), `${path} leads to no path`);
      return { kind: "symlink", path, target };
    }
    default:
      return expect(false, `${path} has mode ${mode}`) as never;
  }
}
