/** Makes one module's part of the root, as a tree of its own. */
import { join, matchesGlob, posix } from "node:path";
import type { DebianPackage } from "../debian/fetch-package.ts";
import type { Module } from "../modules/module.ts";
import { type Piece, type Sources } from "./content.ts";
import { installNpm, type NpmPlace } from "./npm.ts";
import { layPrograms } from "./programs.ts";
import { layPythonBytecode } from "./python-bytecode.ts";
import { type Contents, RootDraft } from "./root-draft.ts";
import { cachedStep, keyOf } from "./step-cache.ts";

export interface ModuleInputs {
  module: Module;
  pieces: Piece[];
  /** The packages of `debian.packages` with all their dependencies. */
  closure: DebianPackage[];
  sources: Sources;
  npmLock: string | undefined;
  /** For each of the module's programs, in order, a text that stands for its bytes. */
  programs: string[];
}

/** @param required the trees of the modules that this one requires */
export async function makeModuleTree(place: NpmPlace, inputs: ModuleInputs, required: string[], dir: string): Promise<Contents> {
  const { module, pieces, closure, sources } = inputs;
  const draft = await RootDraft.open(dir);
  for (const path of module.folders) await draft.folder(path, module.name);
  const kept = keepAllBut(module.debian?.omit ?? []);
  for (const one of closure) await draft.tree(one.dir, one.name, kept);
  for (const piece of pieces) await layPiece(draft, piece);
  for (const [path, target] of Object.entries(module.links)) await draft.symlink(path, target, module.name);
  await layNpm(place, inputs, draft);
  await layPrograms({ module, sources, draft, required });
  await layPythonBytecode(draft, module.pythonBytecode, module.name, place.cacheDir);
  return draft.contents;
}

async function layPiece(draft: RootDraft, piece: Piece): Promise<void> {
  if (piece.kind === "symlink") await draft.symlink(piece.to, piece.target, piece.owner);
  else await draft.file(piece.to, piece.owner, piece.source, piece.program);
}

async function layNpm({ cacheDir, uids }: NpmPlace, { module, npmLock }: ModuleInputs, draft: RootDraft): Promise<void> {
  if (module.npm === undefined || npmLock === undefined) return;
  const { dependencies, to } = module.npm;
  const step = await cachedStep(cacheDir, keyOf({ npm: npmLock, dependencies }), async (dir) => {
    await installNpm(uids, dependencies, npmLock, dir);
    return {};
  });
  const at = posix.join(to, "node_modules");
  await draft.folder(at, module.name);
  await draft.tree(join(step.tree, "node_modules"), module.name, () => true, at);
}

/** Leaves out what matches; a folder whose content is left out completely is left out itself. */
function keepAllBut(globs: string[]): (path: string) => boolean {
  const all = globs.flatMap((glob) => (glob.endsWith("/**") ? [glob, glob.slice(0, -"/**".length)] : [glob]));
  return (path) => !all.some((glob) => matchesGlob(path, glob));
}
