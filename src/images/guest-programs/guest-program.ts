/** Compiles our own programs of machines: the first one, which leads connections to the agent (src/guest/redirect), and the one that mounts exports (src/guest/mounts). */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fetchProgramRoot, hostCommand, imageSuite } from "../debian/program-root.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { projectRoot } from "../project.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";

/** Each has a folder of sources; headers of the other's may be included. */
type GuestProgram = "redirect" | "mounts";

const folders: readonly GuestProgram[] = ["redirect", "mounts"];
const sources = join(projectRoot, "src/guest");

/** They are linked to nothing, so that they run in images that have no libc. */
const compilerOptions = ["-Wall", "-Werror", "-nostdinc", "-nostdlib", "-static"];

interface GuestProgramOptions {
  cacheDir: string;
  progress?: (step: string) => void;
}

/**
 * The path of the program in the cache. The compiler is Debian's tcc, run from the cache, because a host need not have one. Rejects with
 * "image-build-failed".
 */
export async function ensureGuestProgram(name: GuestProgram, { cacheDir, progress }: GuestProgramOptions): Promise<string> {
  const options = { suite: imageSuite, packages: ["tcc"], cacheDir };
  const root = await fetchProgramRoot(progress === undefined ? options : { ...options, progress });
  const key = createHash("sha256").update(JSON.stringify([basename(root), compilerOptions]));
  for (const file of await filesOf(folders)) key.update(file).update(await readFile(join(sources, file)));
  const folder = join(cacheDir, "agents");
  const program = join(folder, `${name}-${key.digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await withDraftFolder(folder, async (draft) => {
    const made = join(draft, name);
    const [tcc, ...args] = await hostCommand(root, "/usr/bin/tcc");
    const source = join(sources, name, `${name}.c`);
    await runProgram(tcc, [...args, ...compilerOptions, "-o", made, source], { name: "tcc", bare: true });
    await putFile(program, await readFile(made), 0o555);
  });
  return program;
}

async function filesOf(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map(async (name) => (await readdir(join(sources, name))).map((file) => join(name, file))));
  return found.flat().toSorted();
}
