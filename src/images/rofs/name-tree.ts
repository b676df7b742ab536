/** Turns a flat list of entries into nested folders, and checks it against every limit of ROFS and OSv. */
import { MayflyError } from "../../base/errors/error.ts";
import type { FileEntry, TreeEntry } from "../tree.ts";
import { NAME_BYTES, TARGET_BYTES } from "./format.ts";

export type Node = Folder | { kind: "file"; content: FileEntry["content"] } | { kind: "symlink"; target: Buffer };

export interface Folder {
  kind: "folder";
  children: Map<string, Node>;
  /** Whether an entry of the list names the folder; otherwise it is only the parent of another entry. */
  named: boolean;
}

/** Returns the root. Parents that no entry names are created. Throws "image-build-failed" for an impossible entry, naming it. */
export function nameTree(entries: TreeEntry[]): Folder {
  const root = emptyFolder(false);
  for (const entry of entries) place(root, entry);
  return root;
}

/** Sorted by the bytes of the names, so that the same tree always gives the same disk. */
export function sortedChildren({ children }: Folder): { name: Buffer; node: Node }[] {
  const named = [...children].map(([name, node]) => ({ name: Buffer.from(name), node }));
  return named.toSorted((a, b) => Buffer.compare(a.name, b.name));
}

function place(root: Folder, entry: TreeEntry): void {
  const names = namesOf(entry.path);
  const last = names.pop();
  if (last === undefined) return nameFolder(root, entry);
  const parent = names.reduce((folder, name) => folderIn(folder, name, entry.path), root);
  const there = parent.children.get(last);
  if (there === undefined) parent.children.set(last, nodeOf(entry));
  else nameFolder(there, entry);
}

/** A folder that was created as a parent may be named later; any other repetition is an error. */
function nameFolder(there: Node, entry: TreeEntry): void {
  if (there.kind !== "folder" || there.named || entry.kind !== "folder") throw refused(entry.path, "is there twice");
  there.named = true;
}

function folderIn(folder: Folder, name: string, path: string): Folder {
  const found = folder.children.get(name) ?? emptyFolder(false);
  if (found.kind !== "folder") throw refused(path, `lies below ${name}, which is not a folder`);
  folder.children.set(name, found);
  return found;
}

function nodeOf(entry: TreeEntry): Node {
  if (entry.kind === "folder") return emptyFolder(true);
  if (entry.kind === "file") return { kind: "file", content: entry.content };
  const target = bytesOf(entry.target, entry.path);
  if (target.length === 0 || target.length > TARGET_BYTES) throw refused(entry.path, `leads to a name of ${target.length} bytes`);
  return { kind: "symlink", target };
}

function emptyFolder(named: boolean): Folder {
  return { kind: "folder", children: new Map(), named };
}

function namesOf(path: string): string[] {
  if (path === "/") return [];
  if (!path.startsWith("/")) throw refused(path, "does not begin with /");
  const names = path.slice(1).split("/");
  for (const name of names) {
    if (name === "" || name === "." || name === "..") throw refused(path, `has the name ${JSON.stringify(name)} in it`);
    const { length } = bytesOf(name, path);
    if (length > NAME_BYTES) throw refused(path, `has a name of ${length} bytes in it; ${NAME_BYTES} are the most`);
  }
  return names;
}

function bytesOf(text: string, path: string): Buffer {
  if (!text.isWellFormed() || text.includes("\0")) throw refused(path, "has a name that is not text, or contains a zero byte");
  return Buffer.from(text);
}

function refused(path: string, why: string): MayflyError {
  return new MayflyError("image-build-failed", { what: `ROFS cannot hold ${JSON.stringify(path)}: it ${why}` });
}
