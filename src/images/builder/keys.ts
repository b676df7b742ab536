/** Keys of build steps and images: equal keys mean equal results. */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackageVersion } from "../debian/private-apt.ts";
import type { RunSpec } from "../image.ts";
import type { ImageInputs } from "./collect-inputs.ts";
import type { ModuleInputs } from "./module-tree.ts";
import { keyOf } from "./step-cache.ts";

/** The keys of Mayfly's own code: of the code that makes modules' parts, and of the code that makes images. Changed code rebuilds them. */
export async function codeKeys(): Promise<{ parts: string; image: string }> {
  const parts = await codeKey("{builder,elf,modules}/*.ts");
  return { parts, image: keyOf([parts, await codeKey("{*,standalone/*,erofs/make-erofs}.ts")]) };
}

async function codeKey(pattern: string): Promise<string> {
  const folder = join(import.meta.dirname, "..");
  const names: string[] = [];
  for await (const name of glob(pattern, { cwd: folder })) names.push(name);
  const code = names.filter((name) => !name.endsWith(".test.ts")).toSorted();
  return keyOf(await Promise.all(code.map((name) => readFile(join(folder, name), "utf8"))));
}

/**
 * What a module runs and how it is tested are left out, because they don't affect its files. `required`: the keys of the modules that it
 * requires, because a program's libraries are looked up in those.
 */
export function moduleKey(code: string, inputs: ModuleInputs, required: string[]): string {
  const { module, pieces, closure, sources, npmLock } = inputs;
  const { name, folders, links, programs, npm } = module;
  return keyOf({
    code,
    name,
    folders,
    links,
    npm,
    npmLock,
    pythonBytecode: module.pythonBytecode,
    omit: module.debian?.omit,
    pieces: pieces.map(({ to, owner, identity }) => ({ to, owner, identity })),
    packages: closure.map(versionOf),
    sources: module.sources.map((source) => versionOf(sources[source]!)),
    programs: inputs.programs,
    places: programs.map(({ to }) => to),
    required: programs.length > 0 || module.pythonBytecode.length > 0 ? required : [],
  });
}

export function imageKey(code: string, { kernel, busybox, modules }: ImageInputs, steps: string[], run: RunSpec | null): string {
  const tests = modules.map(({ module }) => [module.name, module.version, module.description, module.tests]);
  return keyOf({ code, kernel: [kernel.module, versionOf(kernel.package)], busybox: versionOf(busybox), steps, run, tests });
}

function versionOf({ name, version, sha256 }: PackageVersion): PackageVersion {
  return { name, version, sha256 };
}
