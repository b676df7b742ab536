/**
 * The part of erofs that Mayfly reads (Documentation/filesystems/erofs.rst of Linux, fs/erofs/erofs_fs.h): uncompressed file systems with
 * blocks of 4 KiB, as mkfs.erofs makes them for us. All integers are little-endian.
 *
 * byte 1024   the superblock
 * inodes      each at a multiple of 32 bytes from the first block of metadata; the inode's number is that multiple; 32 or 64 bytes long
 * data        whole blocks in sequence; the remainder lies in a block of its own, or directly after the inode ("inline")
 * folders     their data are blocks of 4 KiB, each a table with 12 bytes per entry (inode, offset of its name, type), followed by the names
 */
export const BLOCK = 4_096;
export const SUPERBLOCK_AT = 1_024;
export const SUPERBLOCK_BYTES = 128;
export const MAGIC = 0xe0f5e1e2;
export const INODE_UNIT = 32;
export const ENTRY_BYTES = 12;
/** Linux's NAME_MAX, and PATH_MAX without the terminating zero. */
export const NAME_BYTES = 255;
export const TARGET_BYTES = 4_095;

export const Layout = { Plain: 0, Inline: 2 } as const;

/** The kind of an inode: the bits in its mode, and the type in a folder's entry. */
export const Kind = {
  folder: { mode: 0o040000, entry: 2 },
  file: { mode: 0o100000, entry: 1 },
  symlink: { mode: 0o120000, entry: 7 },
} as const;
export type KindName = keyof typeof Kind;

/** Thrown if a file system breaks a rule of the format or one of Mayfly's; the message says which rule and where. */
export class UnsoundErofs extends Error {}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new UnsoundErofs(otherwise);
}
