/** Compresses what is the same in every export of a kernel. That takes seconds, so the result is kept, as a build step is. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { cachedStep, forgetSteps, keyOf } from "../builder/step-cache.ts";

/** Zstd, because it decompresses fastest, which matters in an emulated machine. Higher levels gain little. */
const LEVEL = 12;

/** The same bytes give the same result. One that was kept and is damaged is made anew. */
export async function compressOnce(cacheDir: string, bytes: Buffer): Promise<Buffer> {
  // Another zstd may give other bytes.
  const key = keyOf({ zstd: process.versions.zstd, level: LEVEL, sha256: sha256Of(bytes) });
  const make = (tree: string) => compressInto(tree, bytes);
  const found = await soundFile((await cachedStep(cacheDir, key, make)).tree);
  if (found !== undefined) return found;
  await forgetSteps(cacheDir, [key]);
  return (await soundFile((await cachedStep(cacheDir, key, make)).tree))!;
}

/** The file's name is the digest of its content. */
async function compressInto(tree: string, bytes: Buffer) {
  const compressed = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  await mkdir(tree);
  await writeFile(join(tree, sha256Of(compressed)), compressed, { mode: 0o444 });
  return { zstd: { files: 1, bytes: compressed.length } };
}

/** Undefined if it is missing or is not what was written. */
async function soundFile(tree: string): Promise<Buffer | undefined> {
  const [name] = await readdir(tree);
  if (name === undefined) return undefined;
  const found = await readFile(join(tree, name));
  return sha256Of(found) === name ? found : undefined;
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
