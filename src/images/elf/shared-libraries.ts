/**
 * Finds the shared libraries and the interpreter that a program needs, as the dynamic loader would (man 8 ld.so): in the RPATH of the
 * object and of the objects that loaded it, unless the object has a RUNPATH; in its RUNPATH; in Debian's default folders. Images have no
 * ld.so.cache, and LD_LIBRARY_PATH is ignored.
 */
import { posix } from "node:path";
import { type Elf, readElf } from "./read-elf.ts";

/** A file of a planned root: its path in the image, and its bytes. */
export interface ImageFile {
  path: string;
  data: Buffer;
}

export interface FoundLibrary {
  /**
   * The path in the image. If an object's own path led to the file, it is the path where it was found; otherwise it is the file's name in
   * the first default folder.
   */
  path: string;
  /** The path at which `look` found the file. */
  foundAt: string;
}

/** Looks up the file at a path of the image; undefined if there is none. */
export type Look = (path: string) => Promise<Buffer | undefined>;

export const defaultFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"];

interface Loaded extends ImageFile {
  elf: Elf;
  /** The folders in the RPATHs of the objects that loaded this one, the nearest first. */
  inherited: string[];
}

/** Everything that `program` loads at its start, each file once. Throws an Error that names what is missing and which file needs it. */
export async function sharedLibraries(
  program: ImageFile,
  look: Look,
): Promise<{ libraries: FoundLibrary[]; interpreter: string | undefined }> {
  const first = { ...program, elf: parsed(program), inherited: [] };
  const found = new Map<string, FoundLibrary>();
  const queue: Loaded[] = [first];
  // Breadth first, and each name once, as the loader does.
  for (const object of queue) {
    for (const name of object.elf.needed) {
      if (found.has(name)) continue;
      const library = await find(object, name, look);
      found.set(name, library.found);
      queue.push(library.loaded);
    }
  }
  return { libraries: [...found.values()], interpreter: first.elf.interpreter };
}

export interface LibrarySearch {
  /** By their names, the libraries that are there. */
  found: Map<string, ImageFile>;
  /** The names of those that are not, each with the path of the file that needs it. */
  missing: { name: string; neededBy: string }[];
}

/** Everything that `program` would load at its start, whether it is there or not. */
export async function findLibraries(program: ImageFile, look: Look): Promise<LibrarySearch> {
  const [found, missing] = [new Map<string, ImageFile>(), new Map<string, string>()];
  const queue: Loaded[] = [{ ...program, elf: parsed(program), inherited: [] }];
  for (const object of queue) {
    for (const name of object.elf.needed) {
      if (found.has(name) || missing.has(name)) continue;
      const library = await search(object, name, look);
      if (library === undefined) {
        missing.set(name, object.path);
      } else {
        found.set(name, library.loaded);
        queue.push(library.loaded);
      }
    }
  }
  return { found, missing: [...missing].map(([name, neededBy]) => ({ name, neededBy })) };
}

interface Found {
  found: FoundLibrary;
  loaded: Loaded;
}

async function find(object: Loaded, name: string, look: Look): Promise<Found> {
  const library = await search(object, name, look);
  if (library !== undefined) return library;
  const folders = pathsOf(object, name).map((path) => posix.dirname(path));
  throw new Error(`needs the library ${name} (of ${object.path}), which is in none of ${folders.join(", ")}`);
}

/** Where the loader looks for a library, in order. */
function pathsOf(object: Loaded, name: string): string[] {
  return name.includes("/") ? [name] : [...ownFolders(object), ...defaultFolders].map((folder) => posix.join(folder, name));
}

async function search(object: Loaded, name: string, look: Look): Promise<Found | undefined> {
  const own = ownFolders(object);
  for (const [index, foundAt] of pathsOf(object, name).entries()) {
    const data = await look(foundAt);
    const elf = data && usable(data);
    if (!data || !elf) continue;
    const path = index < own.length || name.includes("/") ? foundAt : posix.join(defaultFolders[0]!, name);
    return { found: { path, foundAt }, loaded: { path, data, elf, inherited: rpathFolders(object) } };
  }
  return undefined;
}

/** Files for another machine are skipped, as the loader does. */
function usable(data: Buffer): Elf | undefined {
  try {
    return readElf(data);
  } catch {
    return undefined;
  }
}

function parsed({ path, data }: ImageFile): Elf {
  try {
    return readElf(data);
  } catch (error) {
    throw new Error(`${path} ${(error as Error).message}`, { cause: error });
  }
}

/** The folders that the object's own headers name. */
function ownFolders(object: Loaded): string[] {
  const { runpath } = object.elf;
  return runpath.length > 0 ? runpath.map((part) => expanded(part, object.path)) : rpathFolders(object);
}

function rpathFolders({ elf, path, inherited }: Loaded): string[] {
  return [...(elf.runpath.length > 0 ? [] : elf.rpath.map((part) => expanded(part, path))), ...inherited];
}

function expanded(folder: string, objectPath: string): string {
  const origin = posix.dirname(objectPath);
  const text = folder
    .replace(/\$(ORIGIN|\{ORIGIN\})/g, origin)
    .replace(/\$(LIB|\{LIB\})/g, "lib/x86_64-linux-gnu")
    .replace(/\$(PLATFORM|\{PLATFORM\})/g, "x86_64");
  return posix.resolve("/", text);
}
