/**
 * Lays an erofs file system out before any content of its files is at hand: all but the contents comes first, and the contents follow in the order in which
 * they are given, each in whole blocks. So a file system can be written while its files arrive, and where each lies can be told from the list of files alone.
 *
 * Nothing is compressed, and the files have neither times nor owners, as in make-erofs.ts. Inodes are the small ones, of 32 bytes.
 */
import { BLOCK, ENTRY_BYTES, INODE_UNIT, Kind, Layout, MAGIC, SUPERBLOCK_AT } from "./format.ts";

export interface PlannedFile {
  /** Relative, with "/" between its parts. No file's path is another one's folder. */
  path: string;
  bytes: number;
  executable: boolean;
}

export interface ErofsPlan {
  /** The superblock, the inodes and the folders. */
  head: Buffer;
  /** Where the content of each file begins, in bytes, in the order of the files. Between contents there are zeros. */
  places: number[];
  /** Bytes of the file system, in whole blocks. */
  size: number;
}

/** The block of the first inodes; before it is the superblock. */
const INODES_AT = 1;
/** The first inode's place stays empty, because a number of zero looks like none. */
const ROOT_NUMBER = 1;
const FOLDER_MODE = 0o755;

/** A folder of the tree that the paths make. */
interface Folder {
  number: number;
  parent: number;
  entries: Map<string, Folder | FilePlace>;
}

interface FilePlace {
  number: number;
  file: PlannedFile;
  block: number;
}

export function planErofs(files: PlannedFile[]): ErofsPlan {
  const { folders, places } = treeOf(files);
  const inodeBlocks = blocksOf((ROOT_NUMBER + folders.length + places.length) * INODE_UNIT);
  let block = INODES_AT + inodeBlocks;
  const tables = folders.map((folder) => {
    const table = tableOf(folder);
    const at = block;
    block += blocksOf(table.length);
    return { folder, table, at };
  });
  const headBlocks = block;
  for (const place of places) {
    place.block = block;
    block += blocksOf(place.file.bytes);
  }
  const head = Buffer.alloc(headBlocks * BLOCK);
  writeSuperblock(head, { blocks: block, inodes: folders.length + places.length });
  for (const { folder, table, at } of tables) {
    table.copy(head, at * BLOCK);
    const within = [...folder.entries.values()].filter(isFolder).length;
    writeInode(head, folder.number, { mode: Kind.folder.mode | FOLDER_MODE, links: 2 + within, size: table.length, block: at });
  }
  for (const { number, file, block: at } of places)
    writeInode(head, number, { mode: Kind.file.mode | (file.executable ? 0o755 : 0o644), links: 1, size: file.bytes, block: at });
  return { head, places: places.map((place) => place.block * BLOCK), size: block * BLOCK };
}

/** The folders, the root first, and the files in their order. */
function treeOf(files: PlannedFile[]): { folders: Folder[]; places: FilePlace[] } {
  const root: Folder = { number: ROOT_NUMBER, parent: ROOT_NUMBER, entries: new Map() };
  const folders = [root];
  const known = new Map([["", root]]);
  const folderAt = (path: string): Folder => {
    const there = known.get(path);
    if (there !== undefined) return there;
    const cut = path.lastIndexOf("/");
    const parent = folderAt(path.slice(0, Math.max(0, cut)));
    const made: Folder = { number: ROOT_NUMBER + folders.length, parent: parent.number, entries: new Map() };
    folders.push(made);
    known.set(path, made);
    parent.entries.set(path.slice(cut + 1), made);
    return made;
  };
  const parents = files.map(({ path }) => folderAt(path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  const places = files.map((file, at): FilePlace => ({ number: ROOT_NUMBER + folders.length + at, file, block: 0 }));
  for (const [at, place] of places.entries()) parents[at]!.entries.set(place.file.path.slice(place.file.path.lastIndexOf("/") + 1), place);
  return { folders, places };
}

function isFolder(entry: Folder | FilePlace): entry is Folder {
  return "entries" in entry;
}

interface TableEntry {
  name: Buffer;
  number: number;
  type: number;
}

/** A folder's entries, by the bytes of their names, which the kernel searches by halves: in blocks, each with as many as fit. */
function tableOf(folder: Folder): Buffer {
  const own: TableEntry[] = [...folder.entries].map(([name, entry]) => ({
    name: Buffer.from(name),
    number: entry.number,
    type: (isFolder(entry) ? Kind.folder : Kind.file).entry,
  }));
  own.push({ name: Buffer.from("."), number: folder.number, type: Kind.folder.entry });
  own.push({ name: Buffer.from(".."), number: folder.parent, type: Kind.folder.entry });
  own.sort((a, b) => Buffer.compare(a.name, b.name));
  const blocks: Buffer[] = [];
  for (let at = 0; at < own.length;) {
    let [count, bytes] = [0, 0];
    while (at + count < own.length && bytes + ENTRY_BYTES + own[at + count]!.name.length <= BLOCK) {
      bytes += ENTRY_BYTES + own[at + count]!.name.length;
      count += 1;
    }
    blocks.push(blockOf(own.slice(at, at + count)));
    at += count;
  }
  // The size of a folder ends with its last name, that of the other blocks with the block.
  return Buffer.concat(blocks.map((block, at) => (at === blocks.length - 1 ? block : Buffer.concat([block], BLOCK))));
}

function blockOf(entries: TableEntry[]): Buffer {
  const table = Buffer.alloc(entries.length * ENTRY_BYTES);
  let nameAt = table.length;
  for (const [at, { name, number, type }] of entries.entries()) {
    table.writeBigUInt64LE(BigInt(number), at * ENTRY_BYTES);
    table.writeUInt16LE(nameAt, at * ENTRY_BYTES + 8);
    table.writeUInt8(type, at * ENTRY_BYTES + 10);
    nameAt += name.length;
  }
  return Buffer.concat([table, ...entries.map(({ name }) => name)]);
}

function writeSuperblock(head: Buffer, { blocks, inodes }: { blocks: number; inodes: number }): void {
  head.writeUInt32LE(MAGIC, SUPERBLOCK_AT);
  head.writeUInt8(Math.log2(BLOCK), SUPERBLOCK_AT + 12);
  head.writeUInt16LE(ROOT_NUMBER, SUPERBLOCK_AT + 14);
  head.writeBigUInt64LE(BigInt(inodes), SUPERBLOCK_AT + 16);
  head.writeUInt32LE(blocks, SUPERBLOCK_AT + 36);
  head.writeUInt32LE(INODES_AT, SUPERBLOCK_AT + 40);
}

interface InodeFields {
  mode: number;
  links: number;
  size: number;
  block: number;
}

function writeInode(head: Buffer, number: number, { mode, links, size, block }: InodeFields): void {
  const at = INODES_AT * BLOCK + number * INODE_UNIT;
  head.writeUInt16LE(Layout.Plain << 1, at);
  head.writeUInt16LE(mode, at + 4);
  // The field has 16 bits. Nothing goes by the links of a folder.
  head.writeUInt16LE(Math.min(links, 0xffff), at + 6);
  head.writeUInt32LE(size, at + 8);
  head.writeUInt32LE(block, at + 16);
  head.writeUInt32LE(number, at + 20);
}

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / BLOCK);
}
