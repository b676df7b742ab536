/** A small image in a cache of its own, complete except that its kernel can't start. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeErofs } from "../../erofs/make-erofs.ts";
import { descriptionFile, type Image, type ImageDescription, imageAt, imageId, imageIn } from "../../image.ts";

/** @param files path in the root → content */
export async function makeImage(cacheDir: string, files: Record<string, Buffer | string>): Promise<Image> {
  const draft = imageIn(join(cacheDir, "images", "draft"), "draft");
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(draft.rootTree, path)), { recursive: true });
    writeFileSync(join(draft.rootTree, path), content);
  }
  writeFileSync(draft.kernel, bytesOf("kernel", 900_000));
  writeFileSync(draft.initrd, bytesOf("initrd", 300_001));
  await makeErofs(draft.rootTree, draft.root);
  const sha256 = { kernel: hashOf(draft.kernel), initrd: hashOf(draft.initrd), root: hashOf(draft.root) };
  const run = { env: { A: "b" }, cwd: "/", init: [], command: ["/bin/true"] };
  const size = { kernel: 900_000, initrd: 300_001, root: readFileSync(draft.root).length };
  const rest = { kernelVersion: "6.1", nodeVersion: null, modules: [], packages: [], builtAt: new Date(0).toISOString() };
  const description: ImageDescription = { id: imageId(sha256, run), run, sha256, size, ...rest };
  writeFileSync(descriptionFile(draft), JSON.stringify(description));
  const image = imageAt(cacheDir, description.id);
  renameSync(draft.dir, image.dir);
  return image;
}

/** The same bytes for the same seed; they can't be compressed. */
export function bytesOf(seed: string, count: number): Buffer {
  const parts = Array.from({ length: Math.ceil(count / 32) }, (_, index) => createHash("sha256").update(`${seed} ${index}`).digest());
  return Buffer.concat(parts).subarray(0, count);
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
