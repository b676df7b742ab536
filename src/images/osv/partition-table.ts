/**
 * The partition table of a master boot record: four entries of 16 bytes from byte 446. Each has a flag, its begin (head, sector, cylinder),
 * its type, its end, its first block and its number of blocks, both u32. The record ends with 0x55 0xAA.
 */
import { MayflyError } from "../../base/errors/error.ts";

export interface Partition {
  /** In blocks of 512 bytes. */
  first: number;
  blocks: number;
}

const TABLE = 446;
const ENTRY_BYTES = 16;
/** Linux's type; OSv requires only that the type is not 0. */
const TYPE = 0x83;
const HEADS = 255;
const SECTORS = 63;
const LAST_CYLINDER = 1_023;

/** @param index 0 to 3. Throws "image-build-failed" for a partition beyond 2 TiB, the most that an entry can express. */
export function setPartition(record: Buffer, index: number, { first, blocks }: Partition): void {
  if (first + blocks > 0xffff_ffff) throw new MayflyError("image-build-failed", { what: `a partition of ${blocks} blocks passes 2 TiB` });
  const at = TABLE + index * ENTRY_BYTES;
  record.fill(0, at, at + ENTRY_BYTES);
  writePlace(record, at + 1, first);
  record.writeUInt8(TYPE, at + 4);
  writePlace(record, at + 5, first + blocks - 1);
  record.writeUInt32LE(first, at + 8);
  record.writeUInt32LE(blocks, at + 12);
  record.writeUInt16LE(0xaa55, 510);
}

/** Returns undefined if the entry is empty. */
export function partitionOf(record: Buffer, index: number): Partition | undefined {
  const at = TABLE + index * ENTRY_BYTES;
  const sector = record.readUInt8(at + 2) & 0x3f;
  // By OSv's rules, an entry without a type, or one that begins at sector 0 of a track, is not a partition.
  if (record.readUInt16LE(510) !== 0xaa55 || record.readUInt8(at + 4) === 0 || sector === 0) return undefined;
  return { first: record.readUInt32LE(at + 8), blocks: record.readUInt32LE(at + 12) };
}

/** Head, sector (from 1) and cylinder; the largest values if the block lies beyond them. */
function writePlace(record: Buffer, at: number, block: number): void {
  const cylinder = Math.floor(block / (HEADS * SECTORS));
  const beyond = cylinder > LAST_CYLINDER;
  const [c, head, sector] = beyond
    ? [LAST_CYLINDER, HEADS - 1, SECTORS]
    : [cylinder, Math.floor(block / SECTORS) % HEADS, (block % SECTORS) + 1];
  record.writeUInt8(head, at);
  record.writeUInt8(sector | ((c >> 8) << 6), at + 1);
  record.writeUInt8(c & 0xff, at + 2);
}
