/** Finds out, before a deploy, whether a file can run as a program in machines of an image. Nothing is run. */
import { posix } from "node:path";
import { readElf } from "./read-elf.ts";
import { findLibraries, type ImageFile, type LibrarySearch, type Look } from "./shared-libraries.ts";
import { definedVersions, neededVersions } from "./symbol-versions.ts";

/** The most bytes of a script's first line that Linux reads. */
const FIRST_LINE = 256;
/** Where `env` finds programs in a machine. */
const programFolders = ["/bin", "/usr/bin"];

/**
 * Says why the file cannot run, as clauses that end the sentence "<file> …"; none if it can.
 *
 * @param program the file, at its path in the machine
 * @param look finds a file of the machine: of the image, or of the app in the task root
 */
export async function programFaults(program: ImageFile, look: Look): Promise<string[]> {
  if (program.data.toString("latin1", 0, 2) === "#!") return scriptFaults(program.data, look);
  try {
    return await elfFaults(program, look);
  } catch (error) {
    const { message } = error as Error;
    if (message.endsWith("is no ELF file")) return ["is neither a program for Linux on x86-64 nor a script that begins with #!"];
    return [message.startsWith(program.path) ? message.slice(program.path.length + 1) : message];
  }
}

async function elfFaults(program: ImageFile, look: Look): Promise<string[]> {
  const { interpreter } = readElf(program.data);
  const faults: string[] = [];
  if (interpreter !== undefined && (await look(interpreter)) === undefined)
    faults.push(`needs the loader ${interpreter}, which machines lack`);
  const libraries = await findLibraries(program, look);
  for (const { name, neededBy } of libraries.missing)
    faults.push(`needs the library ${name}${neededBy === program.path ? "" : ` (of ${neededBy})`}, which machines lack`);
  for (const object of [program, ...libraries.found.values()]) faults.push(...versionFaults(object, program, libraries));
  return faults;
}

/** The loader ends a program if a library lacks a version that is needed of it, unless the library knows no versions at all. */
function versionFaults(object: ImageFile, program: ImageFile, { found }: LibrarySearch): string[] {
  const of = object === program ? "" : ` (by ${object.path})`;
  return neededVersions(object.data).flatMap(({ library, version }) => {
    const there = found.get(library);
    const defined = there && definedVersions(there.data);
    if (defined === undefined || defined.size === 0 || defined.has(version)) return [];
    return [`needs ${version} of ${library}${of}, which is older in machines`];
  });
}

async function scriptFaults(data: Buffer, look: Look): Promise<string[]> {
  const line = data.toString("utf8", 2, FIRST_LINE).split("\n", 1)[0]!;
  if (line.endsWith("\r"))
    return [
      "has a first line that ends with a carriage return, as Windows writes it, so that Linux would look for an interpreter of that name: let its lines end as on Linux",
    ];
  const [interpreter = "", ...rest] = line.trim().split(/[ \t]+/);
  if (!interpreter.startsWith("/")) return ["names no interpreter by its full path after #!"];
  const isThere = (await look(interpreter)) !== undefined;
  const isEnv = posix.basename(interpreter) === "env";
  if (isThere && !isEnv) return [];
  const wanted = isEnv ? rest.find((word) => !word.startsWith("-") && !word.includes("=")) : posix.basename(interpreter);
  if (wanted === undefined) return ["names no interpreter after env"];
  const places = programFolders.map((folder) => posix.join(folder, wanted));
  const found = await Array.fromAsync(places, async (place) => ((await look(place)) === undefined ? [] : [place]));
  const [own] = found.flat();
  if (isThere) return own === undefined ? [`needs the interpreter ${wanted}, which machines lack`] : [];
  return [`needs the interpreter ${interpreter}, which machines lack${own === undefined ? "" : `: let its first line be #!${own}`}`];
}
