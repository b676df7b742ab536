/** Keys of steps and images: the same key means the same outcome. */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PackageVersion } from "../debian/private-apt.ts";
import type { RunSpec } from "../image.ts";
import type { ImageInputs } from "./collect-inputs.ts";
import type { ModuleInputs } from "./module-tree.ts";
import { keyOf } from "./step-cache.ts";

/** Of the code that makes modules' parts, and of all that makes images: a change to it makes them anew. */
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
 * What a module is asked to run, and how it is tested, is no matter of its files. `required`: keys of the modules that it requires, as
 * a program's libraries are looked for in these.
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
    omit: module.debian?.omit,
    pieces: pieces.map(({ to, owner, identity }) => ({ to, owner, identity })),
    packages: closure.map(versionOf),
    sources: module.sources.map((source) => versionOf(sources[source]!)),
    programs: inputs.programs,
    places: programs.map(({ to }) => to),
    required: programs.length > 0 ? required : [],
  });
}

export function imageKey(code: string, { kernel, busybox, modules }: ImageInputs, steps: string[], run: RunSpec | null): string {
  const tests = modules.map(({ module }) => [module.name, module.version, module.description, module.tests]);
  return keyOf({ code, kernel: [kernel.module, versionOf(kernel.package)], busybox: versionOf(busybox), steps, run, tests });
}

function versionOf({ name, version, sha256 }: PackageVersion): PackageVersion {
  return { name, version, sha256 };
}
