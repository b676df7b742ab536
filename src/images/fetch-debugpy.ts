/** Debian's debugpy, with which debuggers reach functions of Python while an app is developed. It is fetched when that is asked for the first time; no image has it. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fetchDebianPackages } from "./debian/fetch-package.ts";
import { imageSuite, layPackages } from "./debian/program-root.ts";
import { moveUnlessThere, withDraftFolder } from "./draft-folder.ts";

/** Without the rest of their dependencies: that is gdb, which attaches to programs that run already, and what measures coverage. */
const names = ["python3-debugpy", "python3-pydevd", "python3-bytecode"];

/** Returns the folder in which Python finds it. Rejects with "missing-part" or "image-build-failed". */
export async function fetchDebugpy({ cacheDir, progress }: { cacheDir: string; progress: (step: string) => void }): Promise<string> {
  const found = await fetchDebianPackages({ suite: imageSuite, names, cacheDir, progress });
  const key = createHash("sha256").update(JSON.stringify(found.map(({ name, version, sha256 }) => [name, version, sha256])));
  const parent = join(cacheDir, "debugpy");
  const root = join(parent, key.digest("hex").slice(0, 16));
  const folder = join(root, "usr/lib/python3/dist-packages");
  if (existsSync(root)) return folder;
  await mkdir(parent, { recursive: true });
  await withDraftFolder(parent, async (draft) => {
    const trees = found.map(({ dir }) => dir);
    await layPackages(trees, join(draft, "root"));
    await moveUnlessThere(join(draft, "root"), root);
  });
  return folder;
}
