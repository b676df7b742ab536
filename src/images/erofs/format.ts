/**
 * What we read of erofs (Documentation/filesystems/erofs.rst of Linux, fs/erofs/erofs_fs.h): uncompressed file systems with blocks of 4 KiB, as
 * mkfs.erofs makes them for us. All integers are little-endian.
 *
 *   byte 1024   the superblock
 *   inodes      each at a multiple of 32 bytes from the first block of metadata, its number says which; 32 bytes, or 64
 *   data        whole blocks one after another; what is left over lies either in a block of its own, or right behind the inode ("inline")
 *   folders     their data is blocks of 4 KiB, each a table of 12 bytes an entry (inode, where its name begins, its type), then the names
 */
export const BLOCK = 4_096;
export const SUPERBLOCK_AT = 1_024;
export const SUPERBLOCK_BYTES = 128;
export const MAGIC = 0xe0f5e1e2;
export const INODE_UNIT = 32;
export const ENTRY_BYTES = 12;
/** Linux's NAME_MAX, and PATH_MAX without the zero at its end. */
export const NAME_BYTES = 255;
export const TARGET_BYTES = 4_095;

export const Layout = { Plain: 0, Inline: 2 } as const;

/** The bits of a mode that say what something is, and what a folder's entry calls it. */
export const Kind = {
  folder: { mode: 0o040000, entry: 2 },
  file: { mode: 0o100000, entry: 1 },
  symlink: { mode: 0o120000, entry: 7 },
} as const;
export type KindName = keyof typeof Kind;

/** That a file system breaks a rule of the format, or one of ours; the message says where and which. */
export class UnsoundErofs extends Error {}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new UnsoundErofs(otherwise);
}
