import { mkdir, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "../base/esbuild/esbuild.ts";
import { MayflyError } from "../base/errors/error.ts";
import { putFile } from "./put-file.ts";
import { projectRoot } from "./project.ts";

const agentEntry = join(projectRoot, "src/guest/agent/main.ts");

/** Bundles the agent into one ES module that needs nothing but Node. The same sources give the same bytes, wherever they lie. */
export async function bundleAgent(entry: string = agentEntry): Promise<Buffer> {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: projectRoot,
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node26",
    external: ["node:*"],
    legalComments: "none",
    logLevel: "silent",
  }).catch((error: Error) => {
    throw new MayflyError("image-build-failed", { what: `the agent could not be bundled: ${error.message}` }, error);
  });
  return Buffer.from(result.outputFiles[0]!.contents);
}

/** Returns the bundled agent as a file in the cache, for drivers that need no image. */
export async function ensureAgent(cacheDir: string): Promise<string> {
  const bundle = await bundleAgent();
  const dir = join(cacheDir, "agents");
  const path = join(dir, `${createHash("sha256").update(bundle).digest("hex").slice(0, 16)}.mjs`);
  if (existsSync(path) && (await readFile(path)).equals(bundle)) return path;
  await mkdir(dir, { recursive: true });
  await putFile(path, bundle);
  return path;
}
