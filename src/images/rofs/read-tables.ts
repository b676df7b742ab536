/** Decodes the superblock and the three tables of a ROFS. */
import type { FileHandle } from "node:fs/promises";
import { BLOCK, INODE_BYTES, type Inode, MAGIC, type Superblock, VERSION } from "./format.ts";

export interface Tables {
  superblock: Superblock;
  entries: { inode: number; name: string }[];
  symlinks: string[];
  inodes: Inode[];
}

/** Far more than any image of ours needs, so that a damaged superblock can't use up the host's memory. */
const TABLE_BYTES = 1 << 28;

export async function readTables(handle: FileHandle, base: number): Promise<Tables> {
  const superblock = parseSuperblock(await readExactly(handle, base, BLOCK));
  const { tablesBlock, tablesBlocks } = superblock;
  const { size } = await handle.stat();
  expect(base + (tablesBlock + tablesBlocks) * BLOCK <= size, "its tables lie beyond its end");
  expect(tablesBlocks * BLOCK <= TABLE_BYTES, `its tables have ${tablesBlocks} blocks`);
  return parseTables(superblock, await readExactly(handle, base + tablesBlock * BLOCK, tablesBlocks * BLOCK));
}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`this is not a valid ROFS: ${otherwise}`);
}

function parseSuperblock(block: Buffer): Superblock {
  expect(block.readBigUInt64LE(0) === MAGIC, "it has another magic number");
  expect(block.readBigUInt64LE(8) === VERSION, `it has version ${block.readBigUInt64LE(8)}`);
  expect(block.readBigUInt64LE(16) === BigInt(BLOCK), `it has blocks of ${block.readBigUInt64LE(16)} bytes`);
  expect(
    block.subarray(64).every((byte) => byte === 0),
    "its superblock is longer",
  );
  const [tablesBlock, tablesBlocks, entries, symlinks, inodes] = [24, 32, 40, 48, 56].map((at) => numberAt(block, at));
  return { tablesBlock: tablesBlock!, tablesBlocks: tablesBlocks!, entries: entries!, symlinks: symlinks!, inodes: inodes! };
}

function parseTables(superblock: Superblock, bytes: Buffer): Tables {
  const reader = new TableReader(bytes);
  const entries = reader.repeat(superblock.entries, () => ({ inode: reader.number(), name: reader.text() }));
  const symlinks = reader.repeat(superblock.symlinks, () => reader.text());
  const inodes = reader.repeat(superblock.inodes, () => reader.inode());
  reader.end();
  return { superblock, entries, symlinks, inodes };
}

class TableReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  repeat<T>(times: number, take: () => T): T[] {
    const taken: T[] = [];
    for (let n = 0; n < times; n++) taken.push(take());
    return taken;
  }

  number(): number {
    return numberAt(this.#bytes, this.#step(8));
  }

  text(): string {
    const length = this.#bytes.readUInt16LE(this.#step(2));
    const at = this.#step(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  inode(): Inode {
    const at = this.#step(INODE_BYTES);
    const [mode, number, offset, count] = [0, 8, 16, 24].map((field) => numberAt(this.#bytes, at + field));
    return { mode: mode!, number: number!, offset: offset!, count: count! };
  }

  end(): void {
    const rest = this.#bytes.subarray(this.#at);
    expect(rest.length < BLOCK && rest.every((byte) => byte === 0), "something follows its inodes");
  }

  #step(bytes: number): number {
    const at = this.#at;
    expect(at + bytes <= this.#bytes.length, "its tables are cut short");
    this.#at = at + bytes;
    return at;
  }
}

function numberAt(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  expect(value <= BigInt(Number.MAX_SAFE_INTEGER), `it has the number ${value} in it`);
  return Number(value);
}

async function readExactly(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, at);
  expect(bytesRead === length, "it is cut short");
  return buffer;
}
