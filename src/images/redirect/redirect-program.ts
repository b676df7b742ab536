/** Compiles the first program of machines (src/guest/redirect), which leads their connections to the agent. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fetchProgramRoot, hostCommand, imageSuite } from "../debian/program-root.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { projectRoot } from "../project.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";

const sourceFolder = join(projectRoot, "src/guest/redirect");

/** It is linked to nothing, so that it runs in images that have no libc. */
const compilerOptions = ["-Wall", "-Werror", "-nostdinc", "-nostdlib", "-static"];

interface RedirectOptions {
  cacheDir: string;
  progress?: (step: string) => void;
}

/**
 * The path of the program in the cache. The compiler is Debian's tcc, run from the cache, because a host need not have one. Rejects with
 * "image-build-failed".
 */
export async function ensureRedirect({ cacheDir, progress }: RedirectOptions): Promise<string> {
  const options = { suite: imageSuite, packages: ["tcc"], cacheDir };
  const root = await fetchProgramRoot(progress === undefined ? options : { ...options, progress });
  const key = createHash("sha256").update(JSON.stringify([basename(root), compilerOptions]));
  for (const name of (await readdir(sourceFolder)).toSorted()) key.update(name).update(await readFile(join(sourceFolder, name)));
  const folder = join(cacheDir, "agents");
  const program = join(folder, `redirect-${key.digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await withDraftFolder(folder, async (draft) => {
    const made = join(draft, "redirect");
    const [tcc, ...args] = await hostCommand(root, "/usr/bin/tcc");
    const source = join(sourceFolder, "redirect.c");
    await runProgram(tcc, [...args, ...compilerOptions, "-o", made, source], { name: "tcc", bare: true });
    await putFile(program, await readFile(made), 0o555);
  });
  return program;
}
