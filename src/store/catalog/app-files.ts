/**
 * An app's files as one bundle: u32 (little-endian) length of the list, the list as JSON, then the contents of all files in the list's order.
 * The list and the contents reach a machine as they are: docs/guest-protocol.md.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { type Bundle, FILES, FILES_FORMAT } from "./catalog.ts";
import { entriesIn } from "./list-shape.ts";

export interface AppFile {
  /** Relative, with "/" between its parts. */
  path: string;
  content: Uint8Array;
  executable: boolean;
}

/** Bytes of the length before the list. */
export const LIST_AT = 4;
/** Each costs a machine several system calls before its first call is answered. */
export const MOST_FILES = 10_000;
/** In which they may lie. Each takes at least a block of the disk that large files are laid out on, and a path alone may name a thousand. */
export const MOST_FOLDERS = 10_000;
/** In bytes: what Linux takes for a path, less the task root; and for a part of a path. */
const PATH_BYTES = 3_072;
const NAME_BYTES = 255;

export function filesBundle(files: AppFile[]): Bundle {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const entries = sorted.map(({ path, content, executable }): FileEntry => [path, content.byteLength, executable]);
  return { function: FILES, format: FILES_FORMAT, code: Buffer.concat([filesHead(entries), ...sorted.map(({ content }) => content)]) };
}

/** What comes before the contents. @param entries sorted by path */
export function filesHead(entries: FileEntry[]): Buffer<ArrayBuffer> {
  const list = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(LIST_AT);
  length.writeUInt32LE(list.length);
  return Buffer.concat([length, list]);
}

/** The list of a bundle of files. Throws "bad-request" if it is not one that every machine can write. */
export function readFileList(code: Uint8Array): FileEntry[] {
  const { list, bytes } = filesLengths(code, code.byteLength) ?? refuse("its list is cut off");
  const entries = readEntries(code.subarray(LIST_AT, LIST_AT + list));
  const sum = entries.reduce((all, [, size]) => all + size, 0);
  if (sum !== bytes) refuse(`its files have ${bytes} bytes, and its list says ${sum}`);
  return entries;
}

/** The entries of a list, as JSON. Throws "bad-request". */
export function readEntries(list: Uint8Array): FileEntry[] {
  const entries = parsed(Buffer.from(list.buffer, list.byteOffset, list.byteLength));
  const folders = new Set<string>();
  let before = "";
  for (const [path] of entries) {
    if (!isPlainPath(path)) refuse(`${JSON.stringify(path)} is no path below the app's folder`);
    if (path <= before) refuse(`${path} does not come after ${before}`);
    // From the innermost folder on: those around one that is known are known, too.
    for (let at = path.lastIndexOf("/"); at > 0 && !folders.has(path.slice(0, at)); at = path.lastIndexOf("/", at - 1)) {
      folders.add(path.slice(0, at));
      if (folders.size > MOST_FOLDERS) refuse(`its files lie in more than ${MOST_FOLDERS} folders`);
    }
    before = path;
  }
  const both = entries.find(([path]) => folders.has(path));
  if (both !== undefined) refuse(`${both[0]} is both a file and a folder`);
  return entries;
}

/** @param begin the first bytes of a bundle of files @param all the length of the bundle @returns undefined if it is none */
export function filesLengths(begin: Uint8Array, all: number): { list: number; bytes: number } | undefined {
  if (begin.byteLength < LIST_AT) return undefined;
  const list = new DataView(begin.buffer, begin.byteOffset).getUint32(0, true);
  return LIST_AT + list <= all ? { list, bytes: all - LIST_AT - list } : undefined;
}

/** Whether the text is a relative path without empty parts, "." and "..", as the agent can write it. */
function isPlainPath(path: string): boolean {
  const parts = path.split("/");
  const isPlain = (part: string) => part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) <= NAME_BYTES;
  return !path.includes("\0") && path.isWellFormed() && Buffer.byteLength(path) <= PATH_BYTES && parts.every(isPlain);
}

const NO_ENTRIES = "its list is not an array of [path, bytes, executable]";

function parsed(json: Buffer): FileEntry[] {
  const count = entriesIn(json) ?? refuse(NO_ENTRIES);
  if (count > MOST_FILES) refuse(`it has ${count} files; ${MOST_FILES} are possible`);
  let list: unknown;
  try {
    list = JSON.parse(json.toString());
  } catch {
    refuse("its list is not JSON");
  }
  if (!Array.isArray(list) || !list.every(isEntry)) refuse(NO_ENTRIES);
  return list;
}

function isEntry(entry: unknown): entry is FileEntry {
  if (!Array.isArray(entry) || entry.length !== 3) return false;
  const [path, bytes, executable] = entry as unknown[];
  return typeof path === "string" && Number.isSafeInteger(bytes) && (bytes as number) >= 0 && typeof executable === "boolean";
}

function refuse(what: string): never {
  throw new MayflyError("bad-request", { what: `the part files is no bundle of files: ${what}` });
}
