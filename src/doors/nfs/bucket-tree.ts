/**
 * The objects of a bucket as files and folders: a `/` in a key is a border between folders. What a handle names is found by the handle alone, so that nothing need be remembered of
 * clients.
 *
 * 1. A file is one version of an object: what is put in its place is another file. Whoever reads a file gets the content of that version, or STALE once it is not the latest.
 * 2. Keys that are no paths are not seen: with an empty part, `.` or `..`, or a part of more than 255 bytes.
 */
import { createHash } from "node:crypto";
import { asMayflyError } from "../../base/errors/error.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { StoredVersion } from "../../services/objects/store/rows.ts";
import { NfsError, Status } from "./status.ts";

export interface FileNode {
  kind: "file";
  /** Of the version. */
  seq: number;
  key: string;
  size: number;
  modifiedAt: number;
}

export interface FolderNode {
  kind: "folder";
  /** With a slash at its end; empty: the root. */
  path: string;
}

export type Node = FileNode | FolderNode;

export interface Entry {
  name: string;
  node: Node;
}

interface EntryPage {
  entries: Entry[];
  /** Where the next page begins; null: there is none. */
  next: string | null;
}

export interface BucketTree {
  root: FolderNode;
  /** Grows with each change of what is in the bucket. */
  changes(): Promise<number>;
  /** Rejects with NOENT and NAMETOOLONG. */
  find(folder: FolderNode, name: string): Promise<Node>;
  /** @param after that of an earlier page; empty: the beginning */
  list(folder: FolderNode, after: string, most: number): Promise<EntryPage>;
  /** Rejects with STALE. */
  read(file: FileNode, offset: number, bytes: number): Promise<Buffer>;
  /** At most 56 bytes. Rejects with STALE. */
  handleOf(node: Node): Promise<Buffer>;
  /** Rejects with STALE and BADHANDLE. */
  nodeOf(handle: Buffer): Promise<Node>;
}

/** What a handle begins with. */
const [FILE, FOLDER, LONG_FOLDER] = [1, 2, 3];
/** A handle of a folder has a byte more. */
const MOST_OF_PATH = 55;
const MOST_OF_NAME = 255;
const MOST_OF_KEY = 1_024;

/** @param bucket as `objects` knows it */
export function bucketTree(objects: Pick<Objects, "head" | "inBucket" | "list" | "read" | "versionAt">, bucket: string): BucketTree {
  const root: FolderNode = { kind: "folder", path: "" };
  const isFolder = async (path: string) => {
    const { objects: found, prefixes } = await objects.list({ bucket, prefix: path, delimiter: "", after: "", most: 1 });
    return found.length + prefixes.length > 0;
  };

  async function fileAt(seq: number): Promise<FileNode> {
    const found = await objects.versionAt(bucket, seq);
    if (found === null || !found.isLatest || found.isMarker) throw new NfsError(Status.stale);
    return fileOf(found);
  }

  return {
    root,
    changes: async () => (await objects.inBucket(bucket)).changes,
    async find({ path }, name) {
      if (name === ".") return { kind: "folder", path };
      if (name === "..") return { kind: "folder", path: path.slice(0, path.lastIndexOf("/", path.length - 2) + 1) };
      if (!isName(name) || Buffer.byteLength(path + name) > MOST_OF_KEY)
        throw new NfsError(Buffer.byteLength(name) > MOST_OF_NAME ? Status.nameTooLong : Status.noEntry);
      const key = path + name;
      const found = await objects.head(bucket, key).catch((error: unknown) => {
        if (asMayflyError(error).code === "no-such-object") return null;
        throw error;
      });
      if (found !== null && !found.isMarker) return fileOf(found);
      if (await isFolder(`${key}/`)) return { kind: "folder", path: `${key}/` };
      throw new NfsError(Status.noEntry);
    },
    async list({ path }, after, most) {
      const listed = await objects.list({ bucket, prefix: path, delimiter: "/", after, most });
      const folders = new Map(listed.prefixes.map((prefix) => [prefix.slice(path.length, -1), prefix]));
      const entries: Entry[] = [];
      for (const found of listed.objects) {
        const name = found.key.slice(path.length);
        // As where it is looked up, a file is seen rather than the folder of its name.
        folders.delete(name);
        if (isName(name)) entries.push({ name, node: fileOf(found) });
      }
      for (const [name, prefix] of folders) if (isName(name)) entries.push({ name, node: { kind: "folder", path: prefix } });
      return { entries: entries.toSorted(byKey), next: listed.next };
    },
    async read({ key, seq, size }, offset, bytes) {
      const last = Math.min(size, offset + bytes) - 1;
      if (last < offset) return Buffer.alloc(0);
      const object = await objects.read(bucket, key).catch((error: unknown) => {
        throw asMayflyError(error).code === "no-such-object" ? new NfsError(Status.stale) : error;
      });
      try {
        if (object.found.seq !== seq) throw new NfsError(Status.stale);
        const pieces: Uint8Array[] = [];
        for await (const piece of object.content({ first: offset, last })) pieces.push(piece);
        return Buffer.concat(pieces);
      } finally {
        object.release();
      }
    },
    async handleOf(node) {
      if (node.kind === "file") return numbered(FILE, node.seq);
      const path = Buffer.from(node.path);
      if (path.length <= MOST_OF_PATH) return Buffer.concat([Buffer.of(FOLDER), path]);
      // A longer path has no room: an object in the folder names it, with the number of its parts.
      const [some] = (await objects.list({ bucket, prefix: node.path, delimiter: "", after: "", most: 1 })).objects;
      if (some === undefined) throw new NfsError(Status.stale);
      return Buffer.concat([numbered(LONG_FOLDER, some.seq), Buffer.from(Uint16Array.of(node.path.split("/").length - 1).buffer)]);
    },
    async nodeOf(handle) {
      const rest = handle.subarray(1);
      if (handle[0] === FILE && rest.length === 8) return fileAt(seqIn(rest));
      if (handle[0] === LONG_FOLDER && rest.length === 10) {
        const { key } = await fileAt(seqIn(rest));
        return { kind: "folder", path: `${key.split("/").slice(0, rest.readUInt16LE(8)).join("/")}/` };
      }
      if (handle[0] !== FOLDER) throw new NfsError(Status.badHandle);
      const path = rest.toString();
      if (path !== "" && !(isPath(path) && (await isFolder(path)))) throw new NfsError(Status.stale);
      return { kind: "folder", path };
    },
  };
}

/** The number of a file or folder, which no other one of its bucket has. */
export function numberOf(node: Node): bigint {
  if (node.kind === "file") return BigInt(node.seq);
  if (node.path === "") return ROOT;
  return createHash("sha256").update(node.path).digest().readBigUInt64BE(0) | FOLDERS;
}

/** Files have no numbers as large. */
const FOLDERS = 1n << 63n;
const ROOT = FOLDERS - 1n;

function fileOf({ seq, key, size, modifiedAt }: Pick<StoredVersion, "seq" | "key" | "size" | "modifiedAt">): FileNode {
  return { kind: "file", seq, key, size, modifiedAt };
}

function seqIn(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE(0) & 0x1f_ffff_ffff_ffffn);
}

function numbered(kind: number, seq: number): Buffer {
  const handle = Buffer.alloc(9, kind);
  handle.writeBigUInt64BE(BigInt(seq), 1);
  return handle;
}

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && Buffer.byteLength(name) <= MOST_OF_NAME;
}

function isPath(path: string): boolean {
  return path.endsWith("/") && path.slice(0, -1).split("/").every(isName);
}

/** As the store has them: a list goes on after a key. */
function byKey({ node: one }: Entry, { node: other }: Entry): number {
  return Buffer.compare(Buffer.from(keyOf(one)), Buffer.from(keyOf(other)));
}

/** The key of a file, or what the keys in a folder begin with. */
export function keyOf(node: Node): string {
  return node.kind === "file" ? node.key : node.path;
}
