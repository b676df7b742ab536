/** Reads a revision's static files out of the store, once, into one file that they are served from. */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { getMimeType } from "hono/utils/mime";
import { readEntries } from "../../../store/catalog/app-files.ts";
import type { StoredCode } from "../../../store/catalog/catalog.ts";
import type { FileEntry } from "../../../wire/protocol.ts";
import type { Coding } from "../compression/accepted-coding.ts";
import { isHidden, isNamedByHash, type Site, type SiteFile } from "./site.ts";

interface Written {
  at: number;
  bytes: number;
  etag: string;
}

const endings: readonly [ending: string, coding: Coding][] = [
  [".zst", "zstd"],
  [".br", "br"],
  [".gz", "gzip"],
];

/**
 * @param folder of the app, with a slash at its end @param path a new file, which is written and then has no name any more: it goes with the last one who
 * reads it, also when the server is killed. Rejects with "state-damaged" if the code is not what was deployed.
 */
export async function openSite(code: StoredCode, folder: string, path: string): Promise<Site> {
  const handle = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    const written = await writeFiles(code, folder, handle);
    const bytes = written.values().reduce((sum, each) => sum + each.bytes, 0);
    return { files: filesOf(written), handle, bytes };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All of the code is read, because only its end tells whether it is damaged. */
async function writeFiles(code: StoredCode, folder: string, handle: FileHandle): Promise<Map<string, Written>> {
  const { list = 0 } = code.files ?? {};
  const written = new Map<string, Written>();
  let head = Buffer.alloc(0);
  let entries: FileEntry[] | null = code.files === undefined ? [] : null;
  let file: OpenFile | null = null;
  let [next, end] = [0, 0];
  for await (let part of code.parts()) {
    if (entries === null) {
      head = Buffer.concat([head, part]);
      if (head.length < list) continue;
      entries = readEntries(head.subarray(0, list));
      part = head.subarray(list);
    }
    for (;;) {
      if (file === null) {
        const entry = entries[next];
        if (entry === undefined) break;
        next += 1;
        file = {
          path: entry[0],
          at: end,
          left: entry[1],
          bytes: entry[1],
          hash: createHash("sha256"),
          isServed: isServed(entry[0], folder),
        };
      }
      const piece = part.subarray(0, file.left);
      if (file.isServed && piece.length > 0) {
        file.hash.update(piece);
        await handle.write(piece, 0, piece.length, end);
        end += piece.length;
      }
      file.left -= piece.length;
      part = part.subarray(piece.length);
      if (file.left > 0) break;
      if (file.isServed) written.set(file.path.slice(folder.length), finished(file));
      file = null;
    }
  }
  return written;
}

interface OpenFile {
  path: string;
  at: number;
  bytes: number;
  left: number;
  hash: Hash;
  isServed: boolean;
}

function finished({ at, bytes, hash }: OpenFile): Written {
  return { at, bytes, etag: `"${hash.digest("base64url").slice(0, 27)}"` };
}

function isServed(path: string, folder: string): boolean {
  return path.startsWith(folder) && !path.slice(folder.length).split("/").some(isHidden);
}

function filesOf(written: Map<string, Written>): Map<string, SiteFile> {
  return new Map([...written].map(([path, own]) => [path, { ...fileOf(path, own), compressed: compressedOf(path, written) }]));
}

function compressedOf(path: string, written: Map<string, Written>): Map<Coding, SiteFile> {
  const found = endings.flatMap(([ending, coding]): [Coding, SiteFile][] => {
    const own = written.get(path + ending);
    return own === undefined ? [] : [[coding, fileOf(path, own)]];
  });
  return new Map(found);
}

function fileOf(path: string, own: Written): SiteFile {
  return { ...own, type: typeOf(path), isImmutable: isNamedByHash(path), compressed: new Map() };
}

/** The library looks extensions up in a plain object, which has more keys than its own. */
function typeOf(path: string): string {
  const type: unknown = getMimeType(path);
  return typeof type === "string" ? type : "application/octet-stream";
}
