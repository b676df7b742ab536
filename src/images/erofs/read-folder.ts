/** The entries of one folder with every name checked, so that it may be joined to a path. */
import type { BoundedFile } from "./bounded-file.ts";
import { BLOCK, ENTRY_BYTES, expect, NAME_BYTES, UnsoundErofs } from "./format.ts";
import type { Inode } from "./read-inode.ts";

export interface FolderEntry {
  /** The number of the entry's inode. */
  number: number;
  /** The type that the folder states; the inode must agree. */
  type: number;
  name: string;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Includes "." and "..". erofs requires the names to be sorted by their bytes, so no name occurs twice. @param path for messages */
export function* entriesOf(file: BoundedFile, { pieces }: Inode, path: string): Generator<FolderEntry, void> {
  let before: Buffer | undefined;
  for (const block of blocksOf(file, pieces, path)) {
    for (const { name, ...entry } of entriesIn(block, path)) {
      const inWords = JSON.stringify(name.toString("latin1"));
      expect(before === undefined || Buffer.compare(before, name) < 0, `${path} has ${inWords} twice, or out of order`);
      before = Buffer.from(name);
      yield { ...entry, name: checkedName(name, path) };
    }
  }
}

function* blocksOf(file: BoundedFile, pieces: Inode["pieces"], path: string): Generator<Buffer, void> {
  for (const { at, bytes } of pieces) {
    for (let from = 0; from < bytes; from += BLOCK) yield file.read(at + from, Math.min(BLOCK, bytes - from), `the folder ${path}`);
  }
}

function* entriesIn(block: Buffer, path: string): Generator<{ number: number; type: number; name: Buffer }, void> {
  expect(block.length > ENTRY_BYTES, `${path} has a table of ${block.length} bytes`);
  const namesAt = block.readUInt16LE(8);
  expect(namesAt > 0 && namesAt % ENTRY_BYTES === 0 && namesAt < block.length, `${path} has a table that says it has ${namesAt} bytes`);
  for (let at = 0; at < namesAt; at += ENTRY_BYTES) {
    const start = block.readUInt16LE(at + 8);
    const isLast = at + ENTRY_BYTES === namesAt;
    const end = isLast ? endOfText(block, start) : block.readUInt16LE(at + ENTRY_BYTES + 8);
    expect(start >= namesAt && start <= end && end <= block.length, `${path} has a name that lies outside of its block`);
    const number = block.readBigUInt64LE(at);
    expect(number <= 0xffff_ffffn, `${path} names the inode ${number}`);
    yield { number: Number(number), type: block[at + 10]!, name: block.subarray(start, end) };
  }
}

/** The last name of a block ends at a zero byte or at the block's end. */
function endOfText(block: Buffer, start: number): number {
  const zero = block.indexOf(0, start);
  return zero === -1 ? block.length : zero;
}

function checkedName(bytes: Buffer, path: string): string {
  const inWords = JSON.stringify(bytes.toString("latin1"));
  expect(bytes.length > 0, `${path} has an entry without a name`);
  expect(bytes.length <= NAME_BYTES, `${path} has a name of ${bytes.length} bytes`);
  expect(!bytes.includes(0) && !bytes.includes("/"), `${path} has an entry named ${inWords}`);
  try {
    return text.decode(bytes);
  } catch {
    throw new UnsoundErofs(`${path} has an entry named ${inWords}, which is no UTF-8`);
  }
}
