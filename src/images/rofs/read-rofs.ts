/** Reads a ROFS file system without trusting it: every rule of format.ts is checked before the first file is returned. */
import { mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { readPieces } from "../read-pieces.ts";
import { BLOCK } from "./format.ts";
import { type Tables, readTables } from "./read-tables.ts";
import { walkTables } from "./walk-tables.ts";

type RofsEntry =
  | { kind: "folder"; path: string }
  | { kind: "file"; path: string; size: number }
  | { kind: "symlink"; path: string; target: string };

export interface Rofs {
  /** All entries except the root, each after its parent. */
  entries: RofsEntry[];
  /** The size of the file system in bytes. */
  bytes: number;
  /** A file's bytes, in pieces. Rejects if there is no such file. */
  read(path: string): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** @param base the offset at which the file system begins. Rejects with an Error that says what is wrong with it. */
export async function openRofs(file: string, base = 0): Promise<Rofs> {
  const handle = await open(file, "r");
  try {
    const tables = await readTables(handle, base);
    const walked = walkTables(tables);
    const files = new Map(walked.flatMap((entry) => (entry.kind === "file" ? [[entry.path, entry] as const] : [])));
    return {
      entries: walked.map(shown),
      bytes: sizeOf(tables),
      read(path) {
        const found = files.get(path);
        if (found === undefined) throw new Error(`there is no file ${path}`);
        return readPieces(handle, [{ at: base + found.block * BLOCK, bytes: found.size }]);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Unpacks the file system into a new folder. Files are readable and executable for all, as in OSv. */
export async function extractRofs(rofs: Rofs, into: string): Promise<void> {
  await mkdir(into);
  for (const entry of rofs.entries) {
    const path = join(into, entry.path);
    if (entry.kind === "folder") await mkdir(path);
    else if (entry.kind === "symlink") await symlink(entry.target, path);
    else await pipeline(Readable.from(rofs.read(entry.path)), createWriteStream(path, { flags: "wx", mode: 0o555 }));
  }
}

function shown(entry: ReturnType<typeof walkTables>[number]): RofsEntry {
  if (entry.kind !== "file") return entry;
  return { kind: "file", path: entry.path, size: entry.size };
}

function sizeOf({ superblock }: Tables): number {
  return (superblock.tablesBlock + superblock.tablesBlocks) * BLOCK;
}
