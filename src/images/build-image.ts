/**
 * Builds an image and publishes it. All work is done in a folder of its own beside the images, which becomes the image by
 * one rename; so a crash leaves no half image, and two builders at once end with the same one.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { withDraftFolder } from "./draft-folder.ts";
import { makeErofs } from "./erofs.ts";
import { type Image, type ImageDescription, descriptionFile, imageAt, imageIn, imagesFolder, isComplete } from "./image.ts";
import { type Inputs, packageLines } from "./inputs.ts";
import { makeInitrd } from "./initrd.ts";
import { type Kernel, readKernel } from "./kernel.ts";
import { makeRootTree } from "./root-tree.ts";

export async function buildImage(cacheDir: string, inputs: Inputs, progress: (step: string) => void): Promise<Image> {
  await mkdir(imagesFolder(cacheDir), { recursive: true });
  return withDraftFolder(imagesFolder(cacheDir), async (folder) => {
    progress(`building the image: Node ${inputs.nodeVersion}, ${inputs.kernelPackage.name} ${inputs.kernelPackage.version}`);
    const draft = imageIn(folder, "draft");
    const kernel = await readKernel(inputs.kernelPackage.dir);
    await copyFile(kernel.vmlinuz, draft.kernel);
    await writeFile(draft.initrd, makeInitrd(await readFile(join(inputs.packages["busybox-static"]!.dir, "bin/busybox")), kernel.modules));
    await makeRootTree(draft.rootTree, inputs);
    await makeErofs(draft.rootTree, draft.root);
    const description = await describe(draft, kernel, inputs);
    await seal(draft, description);
    return publish(cacheDir, draft, description.id);
  });
}

async function describe(draft: Image, kernel: Kernel, inputs: Inputs): Promise<ImageDescription> {
  const [kernelHash, initrdHash, rootHash] = await Promise.all([draft.kernel, draft.initrd, draft.root].map(sha256OfFile));
  const sha256 = { kernel: kernelHash!, initrd: initrdHash!, root: rootHash! };
  return {
    id: createHash("sha256").update(`${sha256.kernel}\n${sha256.initrd}\n${sha256.root}\n`).digest("hex"),
    kernelVersion: kernel.release,
    nodeVersion: inputs.nodeVersion,
    packages: packageLines(inputs),
    size: {
      kernel: (await stat(draft.kernel)).size,
      initrd: (await stat(draft.initrd)).size,
      root: (await stat(draft.root)).size,
    },
    sha256,
    builtAt: new Date().toISOString(),
  };
}

async function seal(draft: Image, description: ImageDescription): Promise<void> {
  await writeFile(descriptionFile(draft), `${JSON.stringify(description, null, 2)}\n`);
  for (const path of [draft.kernel, draft.initrd, draft.root, descriptionFile(draft)]) await chmod(path, 0o444);
  // mkdtemp made it for us alone; machines run as another user.
  await chmod(draft.dir, 0o755);
}

async function publish(cacheDir: string, draft: Image, id: string): Promise<Image> {
  const image = imageAt(cacheDir, id);
  if (!isComplete(image)) await rm(image.dir, { recursive: true, force: true });
  await rename(draft.dir, image.dir).catch((error: NodeJS.ErrnoException) => {
    // The same image is there already, from another builder or from other inputs with the same outcome.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  return image;
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
