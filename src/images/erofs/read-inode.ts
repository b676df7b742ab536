/** The superblock, and the inodes, which say where the bytes of each entry lie. */
import type { FilePiece } from "../tree.ts";
import type { BoundedFile } from "./bounded-file.ts";
import { BLOCK, expect, INODE_UNIT, Kind, type KindName, Layout, MAGIC, SUPERBLOCK_AT, SUPERBLOCK_BYTES } from "./format.ts";

export interface Superblock {
  rootNumber: number;
  /** The offset in bytes. */
  metadataAt: number;
}

export interface Inode {
  kind: KindName;
  /** The permission bits, without setuid, setgid and sticky. */
  mode: number;
  size: number;
  pieces: FilePiece[];
}

export function readSuperblock(file: BoundedFile): Superblock {
  const block = file.read(SUPERBLOCK_AT, SUPERBLOCK_BYTES, "its superblock");
  expect(block.readUInt32LE(0) === MAGIC, "it has another magic number");
  expect(block[12] === 12, `its blocks are of 2^${block[12]} bytes`);
  const incompatible = block.readUInt32LE(80);
  // Compression, chunks and other devices, which Mayfly's images do not use.
  expect(incompatible === 0, `it has features that images do not have (0x${incompatible.toString(16)})`);
  expect(block.readUInt16LE(86) === 0, "it has parts on other devices");
  expect(block[90] === 0, "its folders have blocks of another size");
  const blocks = block.readUInt32LE(36);
  expect(blocks * BLOCK <= file.size, "it is cut short");
  return { rootNumber: block.readUInt16LE(14), metadataAt: block.readUInt32LE(40) * BLOCK };
}

/** @param path for messages */
export function readInode(file: BoundedFile, { metadataAt }: Superblock, number: number, path: string): Inode {
  const at = metadataAt + number * INODE_UNIT;
  const head = file.read(at, INODE_UNIT, `the inode of ${path}`);
  const format = head.readUInt16LE(0);
  expect(format >> 4 === 0, `${path} has an inode of an unknown kind (0x${format.toString(16)})`);
  expect(head.readUInt16LE(2) === 0, `${path} has extended attributes`);
  const extended = (format & 1) === 1;
  const size = extended ? numberAt(file.read(at + 8, 8, `the inode of ${path}`), path) : head.readUInt32LE(8);
  const mode = head.readUInt16LE(4);
  const layout = format >> 1;
  const tailAt = at + (extended ? 2 : 1) * INODE_UNIT;
  const pieces = piecesOf(file, { layout, size, firstBlock: head.readUInt32LE(16), tailAt }, path);
  return { kind: kindOf(mode, path), mode: mode & 0o777, size, pieces };
}

function numberAt(bytes: Buffer, path: string): number {
  const value = bytes.readBigUInt64LE(0);
  expect(value <= BigInt(Number.MAX_SAFE_INTEGER), `${path} has ${value} bytes`);
  return Number(value);
}

function kindOf(mode: number, path: string): KindName {
  const kind = (Object.keys(Kind) as KindName[]).find((name) => Kind[name].mode === (mode & 0o170000));
  expect(kind !== undefined, `${path} is not a folder, file or symbolic link`);
  return kind;
}

interface Place {
  layout: number;
  size: number;
  firstBlock: number;
  /** The offset directly after the inode. */
  tailAt: number;
}

function piecesOf(file: BoundedFile, { layout, size, firstBlock, tailAt }: Place, path: string): FilePiece[] {
  expect(layout === Layout.Plain || layout === Layout.Inline, `${path} is stored in a way that images do not use (${layout})`);
  if (size === 0) return [];
  const inBlocks = layout === Layout.Plain ? size : (Math.ceil(size / BLOCK) - 1) * BLOCK;
  const pieces = [
    { at: firstBlock * BLOCK, bytes: inBlocks },
    { at: tailAt, bytes: size - inBlocks },
  ].filter(({ bytes }) => bytes > 0);
  for (const { at, bytes } of pieces) expect(at + bytes <= file.size, `${path} lies beyond its end`);
  const crosses = (tailAt % BLOCK) + size - inBlocks > BLOCK;
  expect(layout === Layout.Plain || !crosses, `the end of ${path} crosses a block`);
  return pieces;
}
