/** Decides where everything in a ROFS lies, before a byte is written. */
import { stat } from "node:fs/promises";
import type { FileEntry, TreeEntry } from "../tree.ts";
import { BLOCK, type Inode, Mode, type Superblock, blocksOf, encodeEntry, encodeInode, encodeSuperblock, encodeSymlink } from "./format.ts";
import { type Folder, type Node, nameTree, sortedChildren } from "./name-tree.ts";

export interface RofsPlan {
  /** The size of the whole file system, a multiple of the block size. */
  bytes: number;
  superblock: Buffer;
  files: PlannedFile[];
  tables: { at: number; bytes: Buffer };
}

export interface PlannedFile {
  content: FileEntry["content"];
  /** The offset in bytes from the beginning of the file system. */
  at: number;
  size: number;
}

interface Tables {
  /** Filled as inodes are visited; the first is the root. */
  inodes: Inode[];
  entries: Buffer[];
  symlinks: Buffer[];
  files: PlannedFile[];
  nextBlock: number;
}

/** Throws "image-build-failed" if ROFS can't hold the tree. */
export async function planRofs(tree: TreeEntry[]): Promise<RofsPlan> {
  const tables: Tables = { inodes: [], entries: [], symlinks: [], files: [], nextBlock: 1 };
  await visit(nameTree(tree), tables);
  const bytes = Buffer.concat([...tables.entries, ...tables.symlinks, ...tables.inodes.map(encodeInode)]);
  return {
    bytes: (tables.nextBlock + blocksOf(bytes.length)) * BLOCK,
    superblock: encodeSuperblock(superblockOf(tables, bytes.length)),
    files: tables.files,
    tables: { at: tables.nextBlock * BLOCK, bytes },
  };
}

function superblockOf({ nextBlock, entries, symlinks, inodes }: Tables, tableBytes: number): Superblock {
  return {
    tablesBlock: nextBlock,
    tablesBlocks: blocksOf(tableBytes),
    entries: entries.length,
    symlinks: symlinks.length,
    inodes: inodes.length,
  };
}

/** Visits level by level, so that a folder's children have consecutive inodes, and so consecutive entries. */
async function visit(root: Folder, tables: Tables): Promise<void> {
  const waiting: { node: Node; inode: Inode }[] = [{ node: root, inode: newInode(tables) }];
  for (const { node, inode } of waiting) {
    if (node.kind !== "folder") {
      await describe(node, inode, tables);
      continue;
    }
    const children = sortedChildren(node);
    Object.assign(inode, { mode: Mode.Folder, offset: tables.entries.length, count: children.length });
    for (const child of children) {
      const inodeOfChild = newInode(tables);
      tables.entries.push(encodeEntry(inodeOfChild.number, child.name));
      waiting.push({ node: child.node, inode: inodeOfChild });
    }
  }
}

function newInode({ inodes }: Tables): Inode {
  const inode = { mode: 0, number: inodes.length + 1, offset: 0, count: 0 };
  inodes.push(inode);
  return inode;
}

async function describe(node: Exclude<Node, Folder>, inode: Inode, tables: Tables): Promise<void> {
  if (node.kind === "symlink") {
    Object.assign(inode, { mode: Mode.Symlink, offset: tables.symlinks.length, count: 1 });
    tables.symlinks.push(encodeSymlink(node.target));
    return;
  }
  const size = await sizeOf(node.content);
  Object.assign(inode, { mode: Mode.File, offset: tables.nextBlock, count: size });
  tables.files.push({ content: node.content, at: tables.nextBlock * BLOCK, size });
  tables.nextBlock += blocksOf(size);
}

async function sizeOf(content: FileEntry["content"]): Promise<number> {
  if (!("from" in content)) return content.length;
  return content.pieces?.reduce((sum, { bytes }) => sum + bytes, 0) ?? (await stat(content.from)).size;
}
