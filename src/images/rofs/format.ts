/**
 * ROFS, the read-only file system of the OSv unikernel, as bytes. All integers are little-endian, u64 unless said; blocks have 512 bytes.
 *
 *   block 0     the superblock: magic 0xDEADBEAD, version 1, block size 512, first block of the tables, their length in blocks,
 *               number of directory entries, of symbolic links, of inodes; the rest of the block is zero
 *   then        the files' data, each file beginning at a block, the last block of each filled up with zeroes
 *   then        the tables, one right after the other, filled up to whole blocks at their end:
 *                 directory entries   inode number, u16 length of the name, the name
 *                 symbolic links      u16 length of the target, the target
 *                 inodes              mode, number, offset, count
 *
 * Inodes are numbered from 1 and lie in that order; number 1 is the root folder. Offset and count of an inode mean
 *
 *   folder  0x4000   the index of its first directory entry, the number of its children; all of them follow one another
 *   file    0x8000   the first block of its data, its size in bytes
 *   symlink 0xA000   the index of its target, 1
 *
 * There are no permissions, owners, times or hard links: OSv shows every file as readable and executable. OSv keeps names in 256 bytes
 * with the zero at their end, and reads the tables whole into memory when it mounts.
 */
export const BLOCK = 512;
export const MAGIC = 0xdeadbeadn;
export const VERSION = 1n;
export const Mode = { Folder: 0x4000, File: 0x8000, Symlink: 0xa000 } as const;
export const ROOT_INODE = 1;
export const NAME_BYTES = 255;
/** OSv's longest path, without the terminating zero. */
export const TARGET_BYTES = 4_095;
export const INODE_BYTES = 32;

export interface Superblock {
  tablesBlock: number;
  tablesBlocks: number;
  entries: number;
  symlinks: number;
  inodes: number;
}

export interface Inode {
  mode: number;
  number: number;
  offset: number;
  count: number;
}

export function blocksOf(bytes: number): number {
  return Math.ceil(bytes / BLOCK);
}

export function encodeSuperblock({ tablesBlock, tablesBlocks, entries, symlinks, inodes }: Superblock): Buffer {
  const block = Buffer.alloc(BLOCK);
  const fields = [MAGIC, VERSION, BigInt(BLOCK), ...[tablesBlock, tablesBlocks, entries, symlinks, inodes].map(BigInt)];
  fields.forEach((field, at) => block.writeBigUInt64LE(field, at * 8));
  return block;
}

export function encodeEntry(inode: number, name: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeBigUInt64LE(BigInt(inode), 0);
  head.writeUInt16LE(name.length, 8);
  return Buffer.concat([head, name]);
}

export function encodeSymlink(target: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16LE(target.length, 0);
  return Buffer.concat([head, target]);
}

export function encodeInode({ mode, number, offset, count }: Inode): Buffer {
  const bytes = Buffer.alloc(INODE_BYTES);
  [mode, number, offset, count].forEach((field, at) => bytes.writeBigUInt64LE(BigInt(field), at * 8));
  return bytes;
}
