/**
 * Programs with everything that they need to start: interpreter and shared libraries, taken from required modules or from Debian packages.
 */
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { sharedLibraries } from "../elf/shared-libraries.ts";
import type { Module } from "../modules/module.ts";
import { hostFile, type Sources } from "./content.ts";
import { resolveInside } from "./inside.ts";
import type { RootDraft } from "./root-draft.ts";

interface Surroundings {
  module: Module;
  sources: Sources;
  draft: RootDraft;
  /** The trees of the required modules; files that they contain are not laid again. */
  required: string[];
}

/** Where a path of the image was found. */
interface Found {
  file: string;
  /** The path in that tree, after following links. */
  path: string;
  /** The package, if the file is not in the image yet. */
  owner: string | undefined;
}

/** Lays each of the module's programs and what it needs into the draft. Rejects with "bad-module" if a library is missing. */
export async function layPrograms(surroundings: Surroundings): Promise<void> {
  const { module, sources, draft } = surroundings;
  for (const { from, to } of module.programs) {
    const { path, owner } = await hostFile(module, from, sources);
    await draft.file(to, owner, { copy: path }, true);
    await layNeeds(surroundings, from, { path: to, data: await readFile(path) });
  }
}

async function layNeeds(surroundings: Surroundings, from: string, program: { path: string; data: Buffer }): Promise<void> {
  const look = async (path: string) => {
    const found = await find(surroundings, path);
    return found && readFile(found.file);
  };
  const needs = await sharedLibraries(program, look).catch((error: Error) => {
    const what = `the program ${from} ${error.message}; put it into the image, or name the Debian package that has it in "sources"`;
    throw new MayflyError("bad-module", { module: surroundings.module.asked, what }, error);
  });
  for (const { path, foundAt } of needs.libraries) await layLibrary(surroundings, path, foundAt);
  if (needs.interpreter !== undefined) await layInterpreter(surroundings, from, needs.interpreter);
}

async function layLibrary(surroundings: Surroundings, path: string, foundAt: string): Promise<void> {
  const found = (await find(surroundings, foundAt))!;
  if (found.owner !== undefined) await surroundings.draft.file(path, found.owner, { copy: found.file }, true);
}

/**
 * The program contains the interpreter's path, so it is kept. If a link lies there, its target keeps the path that it has in its package.
 */
async function layInterpreter(surroundings: Surroundings, from: string, interpreter: string): Promise<void> {
  const found = await find(surroundings, interpreter);
  if (found === undefined) {
    const what = `the program ${from} needs the interpreter ${interpreter}, which none of its sources has`;
    throw new MayflyError("bad-module", { module: surroundings.module.asked, what });
  }
  if (found.owner === undefined) return;
  await surroundings.draft.file(found.path, found.owner, { copy: found.file }, true);
  if (found.path !== interpreter) {
    await surroundings.draft.symlink(interpreter, posix.relative(posix.dirname(interpreter), found.path), found.owner);
  }
}

/** Looks first in the draft, then in the required modules, then in the sources, each in order. */
async function find({ module, sources, draft, required }: Surroundings, path: string): Promise<Found | undefined> {
  const packages = module.sources.map((name) => ({ root: sources[name]!.dir, owner: name }));
  for (const { root, owner } of [...[draft.dir, ...required].map((one) => ({ root: one, owner: undefined })), ...packages]) {
    const inside = await resolveInside(root, path);
    if (inside !== undefined) return { file: join(root, inside), path: inside, owner };
  }
  return undefined;
}
