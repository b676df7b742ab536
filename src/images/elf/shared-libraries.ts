/**
 * The shared libraries and the interpreter that a program needs, found as the dynamic loader would find them (man 8 ld.so): RPATH of
 * the object and of those that loaded it, unless it has a RUNPATH; its RUNPATH; Debian's default folders. There is no ld.so.cache in
 * images, and LD_LIBRARY_PATH is not looked at.
 */
import { posix } from "node:path";
import { type Elf, readElf } from "./read-elf.ts";

/** A file of a root to be: where it will be in the image, and its bytes. */
export interface ImageFile {
  path: string;
  data: Buffer;
}

export interface FoundLibrary {
  /** In the image: where it was found, if an object's own path led there; else its name in the first default folder. */
  path: string;
  /** Where `look` found it. */
  foundAt: string;
}

/** Looks for a file at a path of the image; undefined where there is none. */
export type Look = (path: string) => Promise<Buffer | undefined>;

const defaultFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"];

interface Loaded extends ImageFile {
  elf: Elf;
  /** Folders of the RPATHs of those that loaded it, the nearest first. */
  inherited: string[];
}

/** Everything that `program` loads at its start, each once. Throws an Error that names what is missing, and who needs it. */
export async function sharedLibraries(
  program: ImageFile,
  look: Look,
): Promise<{ libraries: FoundLibrary[]; interpreter: string | undefined }> {
  const first = { ...program, elf: parsed(program), inherited: [] };
  const found = new Map<string, FoundLibrary>();
  const queue: Loaded[] = [first];
  // Breadth first and one of a name, as the loader does.
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

async function find(object: Loaded, name: string, look: Look): Promise<{ found: FoundLibrary; loaded: Loaded }> {
  const own = ownFolders(object);
  const paths = name.includes("/") ? [name] : [...own, ...defaultFolders].map((folder) => posix.join(folder, name));
  for (const [index, foundAt] of paths.entries()) {
    const data = await look(foundAt);
    const elf = data && usable(data);
    if (!data || !elf) continue;
    const path = index < own.length || name.includes("/") ? foundAt : posix.join(defaultFolders[0]!, name);
    return { found: { path, foundAt }, loaded: { path, data, elf, inherited: rpathFolders(object) } };
  }
  throw new Error(
    `needs the library ${name} (of ${object.path}), which is in none of ${paths.map((path) => posix.dirname(path)).join(", ")}`,
  );
}

/** As the loader does, one that is for another machine is passed over. */
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

/** The folders that this object's own headers lead to. */
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
