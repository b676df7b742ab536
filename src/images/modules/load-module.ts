import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MayflyError } from "../../base/errors/error.ts";
import { firstIssue } from "../../base/errors/schema-issue.ts";
import { type Module, type ModuleContext, moduleSchema } from "./module.ts";

const builtInFolder = join(import.meta.dirname, "built-in");

/** Loads a module by its requested name: the name of a built-in module, or a folder, which contains a slash or a dot. */
export type LoadModule = (asked: string, from: string) => Promise<Module>;

async function builtInNames(): Promise<string[]> {
  return (await readdir(builtInFolder)).toSorted();
}

/** `from`: the folder against which relative folders are resolved. Rejects with "bad-module". */
export function moduleLoader(context: ModuleContext): LoadModule {
  return async (asked, from) => {
    const isPath = asked.startsWith(".") || asked.includes("/");
    const dir = isPath ? resolve(from, asked) : join(builtInFolder, asked);
    const file = ["module.json", "module.ts"].map((name) => join(dir, name)).find(existsSync);
    if (file === undefined) throw await noModule(asked, dir, isPath);
    const found = moduleSchema.safeParse(await read(asked, file, context));
    if (found.success) return { ...found.data, dir, asked, builtIn: !isPath };
    const { key, what } = firstIssue(found.error, await read(asked, file, context), moduleSchema);
    throw new MayflyError("bad-module", { module: asked, what: `${basename(file)}: ${key} ${what}`.replace(":  ", ": it ") }, found.error);
  };
}

async function read(asked: string, file: string, context: ModuleContext): Promise<unknown> {
  try {
    if (file.endsWith(".json")) return JSON.parse(await readFile(file, "utf8"));
    const { default: exported } = (await import(pathToFileURL(file).href)) as { default: unknown };
    return typeof exported === "function" ? await (exported as (context: ModuleContext) => unknown)(context) : exported;
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw new MayflyError("bad-module", { module: asked, what: `${file} cannot be read: ${(error as Error).message}` }, error);
  }
}

async function noModule(asked: string, dir: string, isPath: boolean): Promise<MayflyError> {
  if (isPath) return new MayflyError("bad-module", { module: asked, what: `there is no module.json or module.ts in ${dir}` });
  const what = `no built-in module has this name; there are ${(await builtInNames()).join(", ")}; a folder's name begins with ./ or /`;
  return new MayflyError("bad-module", { module: asked, what });
}
