/**
 * Programs of a single source in C++ or Go, compiled for tests on Linux on x86-64. The compilers are large and slow beside tcc, so that each program stays in
 * the cache folder: `<cacheDir>/test-programs/<hash of source and compiler>`, complete if it exists.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { cacheFolder } from "../../../base/config/load.ts";
import { withDraftFolder } from "../../../images/draft-folder.ts";
import { putFile } from "../../../images/put-file.ts";
import { compileCpp } from "./compile-cpp.ts";
import { compileGo } from "./compile-go.ts";

const compilers = { ".cpp": compileCpp, ".go": compileGo };

/** @param source a path that ends with .cpp or .go */
export async function compileOnce(source: string): Promise<Buffer> {
  const compiler = compilers[extname(source) as keyof typeof compilers];
  const key = createHash("sha256")
    .update(compiler.toString())
    .update(await readFile(source));
  const folder = join(cacheFolder(), "test-programs");
  const program = join(folder, key.digest("hex").slice(0, 16));
  if (existsSync(program)) return readFile(program);
  await mkdir(folder, { recursive: true });
  await withDraftFolder(folder, async (draft) => putFile(program, await compiler(source, draft, cacheFolder())));
  return readFile(program);
}
